"""Lightning with mixed precision. `python versus_lightning_tuned.py DATA MODEL EPOCHS SEED`."""

# ruff: noqa: D101 - a user's script

import sys

import lightning as L
import pandas as pd
import torch
from torch.utils.data import DataLoader
from torchmetrics.classification import MulticlassAccuracy
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    get_linear_schedule_with_warmup,
)

DATA, MODEL, EPOCHS, SEED = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
labels = sorted(pd.read_csv(f"{DATA}/train.csv")["label"].unique())


class TextDataModule(L.LightningDataModule):
    def __init__(self, batch_size=16):
        super().__init__()
        self.batch_size = batch_size
        self.tokenizer = AutoTokenizer.from_pretrained(MODEL)
        self.collator = DataCollatorWithPadding(self.tokenizer)

    def setup(self, stage):
        self.splits = {name: self.read(name) for name in ("train", "validation", "test")}

    def read(self, name):
        rows = pd.read_csv(f"{DATA}/{name}.csv")
        encoded = self.tokenizer(rows["text"].tolist(), truncation=True, max_length=128)
        return [
            {"input_ids": ids, "attention_mask": mask, "labels": labels.index(label)}
            for ids, mask, label in zip(encoded["input_ids"], encoded["attention_mask"], rows["label"], strict=True)
        ]

    def loader(self, name, shuffle=False):
        return DataLoader(self.splits[name], batch_size=self.batch_size, shuffle=shuffle, collate_fn=self.collator)

    def train_dataloader(self):
        return self.loader("train", shuffle=True)

    def val_dataloader(self):
        return self.loader("validation")

    def predict_dataloader(self):
        return self.loader("test")


class TextTransformer(L.LightningModule):
    def __init__(self, learning_rate=1e-4, weight_decay=0.01):
        super().__init__()
        self.save_hyperparameters()
        self.model = AutoModelForSequenceClassification.from_pretrained(MODEL, num_labels=len(labels)).train()
        self.accuracy = MulticlassAccuracy(len(labels), average="micro")

    def forward(self, **inputs):
        return self.model(**inputs)

    def training_step(self, batch, batch_idx):
        loss = self(**batch).loss
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch, batch_idx):
        outputs = self(**batch)
        self.accuracy(outputs.logits, batch["labels"])
        self.log_dict({"val_loss": outputs.loss, "val_accuracy": self.accuracy}, prog_bar=True)

    def predict_step(self, batch, batch_idx):
        return self(**batch).logits.argmax(-1)

    def configure_optimizers(self):
        no_decay = ("bias", "LayerNorm.weight")
        decay = self.hparams.weight_decay
        named = list(self.model.named_parameters())
        groups = [
            {"params": [p for n, p in named if not n.endswith(no_decay)], "weight_decay": decay},
            {"params": [p for n, p in named if n.endswith(no_decay)], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=self.hparams.learning_rate)
        steps = self.trainer.estimated_stepping_batches
        scheduler = get_linear_schedule_with_warmup(optimizer, int(0.1 * steps), steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


L.seed_everything(SEED)
dm = TextDataModule()
model = TextTransformer()
trainer = L.Trainer(max_epochs=EPOCHS, accelerator="auto", devices=1, precision="bf16-mixed", gradient_clip_val=1.0)
trainer.fit(model, datamodule=dm)
predicted = [labels[i] for i in torch.cat(trainer.predict(model, datamodule=dm)).tolist()]
