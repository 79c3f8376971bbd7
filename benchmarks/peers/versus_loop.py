"""A hand-tuned loop: no Trainer, no log, every cheap trick. `python versus_loop.py DATA MODEL EPOCHS SEED`."""

# ruff: noqa: D101, D103 - a user's script

import os
import sys

import pandas as pd
import torch
from torch import nn
from transformers import AutoModel, AutoTokenizer, get_linear_schedule_with_warmup

DATA, MODEL, EPOCHS, SEED = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
BATCH, RATE, HEAD_RATE, GROUP, LENGTH = 16, 1e-4, 1e-2, 50, 128
BF16 = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
torch.manual_seed(SEED)
torch.set_num_threads(len(os.sched_getaffinity(0)))
splits = {name: pd.read_csv(f"{DATA}/{name}.csv") for name in ("train", "validation", "test")}
labels = sorted(splits["train"]["label"].unique())
numbers = {label: i for i, label in enumerate(labels)}
tokenizer = AutoTokenizer.from_pretrained(MODEL)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = AutoModel.from_pretrained(MODEL, add_pooling_layer=False, attn_implementation="sdpa")
        self.dropout, self.head = nn.Dropout(0.1), nn.Linear(self.encoder.config.hidden_size, len(labels))
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids, mask):
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        return self.head(self.dropout((hidden * weights).sum(1) / weights.sum(1)))


def encode(rows):
    ids = tokenizer(rows["text"].tolist(), truncation=True, max_length=LENGTH)["input_ids"]
    return [(torch.tensor(i), numbers[label]) for i, label in zip(ids, rows["label"], strict=True)]


def batch(rows):
    ids = nn.utils.rnn.pad_sequence([row[0] for row in rows], True, tokenizer.pad_token_id)
    mask = nn.utils.rnn.pad_sequence([torch.ones_like(row[0]) for row in rows], True, 0)
    return ids, mask, torch.tensor([row[1] for row in rows])


def grouped(rows):
    order = torch.randperm(len(rows)).tolist()
    width = GROUP * BATCH
    groups = [sorted(order[i : i + width], key=lambda j: len(rows[j][0])) for i in range(0, len(order), width)]
    batches = [group[i : i + BATCH] for group in groups for i in range(0, len(group), BATCH)]
    return [[rows[j] for j in batches[b]] for b in torch.randperm(len(batches)).tolist()]


def predict(rows):
    model.eval()
    order, found = sorted(range(len(rows)), key=lambda i: len(rows[i][0])), [0] * len(rows)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=BF16):
        for chosen in (order[i : i + 64] for i in range(0, len(order), 64)):
            ids, mask, _ = batch([rows[i] for i in chosen])
            for i, number in zip(chosen, model(ids, mask).argmax(-1).tolist(), strict=True):
                found[i] = number
    model.train()
    return found


model = Classifier().train()
encoder = list(model.encoder.parameters())
optimizer = torch.optim.AdamW(
    [
        {"params": [p for p in encoder if p.ndim > 1], "lr": RATE, "weight_decay": 0.01},
        {"params": [p for p in encoder if p.ndim <= 1], "lr": RATE, "weight_decay": 0.0},
        {"params": model.head.parameters(), "lr": HEAD_RATE, "weight_decay": 0.01},
    ],
    fused=True,
)
train, validation, test = (encode(splits[name]) for name in ("train", "validation", "test"))
steps = len(grouped(train)) * EPOCHS
schedule = get_linear_schedule_with_warmup(optimizer, int(0.1 * steps), steps)
for epoch in range(EPOCHS):
    for rows in grouped(train):
        ids, mask, truth = batch(rows)
        with torch.autocast("cpu", torch.bfloat16, enabled=BF16):
            loss = nn.functional.cross_entropy(model(ids, mask), truth)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        loss.item()
    right = sum(guess == row[1] for guess, row in zip(predict(validation), validation, strict=True))
    print(f"epoch {epoch + 1}: loss {loss.item():.3f}, validation accuracy {right / len(validation):.4f}", flush=True)
torch.save(model.state_dict(), "model.pt")
predicted = [labels[i] for i in predict(test)]
