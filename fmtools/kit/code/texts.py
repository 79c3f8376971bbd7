"""text-classification as a script."""

from __future__ import annotations

import json
from pathlib import Path

from ..models import encoder_classifier
from ..training import batches, losses, vocabulary
from .parts import Facts, chosen_weights, literal, quoted, script

OWN = "fmtools-encoder-classifier"


def refusal(folder: str) -> str:
    """Return why there is no script for a trained model; "" when there is one."""
    return "an LSTM classifier has none yet" if _kind(folder) == "fmtools-lstm" else ""


def _kind(folder: str) -> str:
    return str(json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))["model_type"])


def write(facts: Facts, folder: str) -> str:
    """Return the script; `folder` is the run's model as it lies here (`facts.trained`: as the script will find it)."""
    own = _kind(folder) == OWN
    blocks = [
        batches.TextRows, batches.PadTexts, ("SHARE", vocabulary.SHARE), vocabulary.PartlyTrained, vocabulary.train_what_occurs,
    ]  # fmt: skip
    weights = facts.options.class_weights == "balanced" or facts.options.label_smoothing
    several = bool(facts.meta.get("multi_label"))
    head = "from transformers import PreTrainedConfig\nfrom transformers.modeling_outputs import SequenceClassifierOutput\n\n\n"
    source = quoted(*blocks)
    if own:
        classes = encoder_classifier.EncoderClassifierConfig, encoder_classifier.EncoderClassifier
        source = head + quoted(*classes, encoder_classifier._has_pooler) + "\n\n" + source
    if weights and not several:
        source += "\n\n" + quoted(("IGNORED", losses.IGNORED), losses.class_weights, losses.cross_entropy)
    return script(facts, source, _main(facts, own, several, bool(weights)))


def _main(facts: Facts, own: bool, several: bool, weighed: bool) -> str:
    problem = "multi_label_classification" if several else "single_label_classification"
    loss = _loss(weighed and not several, facts.options.class_weights == "balanced")
    occurring = "    model = train_what_occurs(model, [*rows.input_ids, tokenizer.all_special_ids])\n"
    occurring = "" if facts.options.optimizer == "adafactor" else occurring
    return f'''
LABELS = {literal(facts.meta["labels"])}
SEVERAL = {several}  # labels a text


def tokenised(tokenizer, rows, length):
    """Return rows as token ids with their labels."""
    pairs = [row["pair"] for row in rows] if "pair" in rows[0] else None
    texts, labels = [row["text"] for row in rows], [row["label"] for row in rows]
    return TextRows(tokenizer, texts, labels, length, pairs, len(LABELS) if SEVERAL else 0)


def begin():
    """Return (model, tokenizer): {"a model from scratch" if facts.options.from_scratch else "the pretrained encoder with a new head"}."""
    names = {{"id2label": dict(enumerate(LABELS)), "label2id": {{label: i for i, label in enumerate(LABELS)}}}}
{_begin(facts, own)}    model.config.problem_type = "{problem}"
    return model, tokenizer


@torch.inference_mode()
def score(model, tokenizer, rows):
    """Print accuracy and loss on rows."""
    model.eval()
    longest = min(getattr(getattr(model.config, "encoder", model.config), "max_position_embeddings", 512), 512)
    data, collate = tokenised(tokenizer, rows, longest), PadTexts(tokenizer.pad_token_id or 0)
    order = sorted(range(len(data)), key=data.lengths.__getitem__)
    logits, truth = torch.zeros(len(data), len(LABELS)), torch.zeros(len(data), len(LABELS))
    for start in range(0, len(order), 64):
        chosen = order[start : start + 64]
        batch = {{k: v.to(model.device) for k, v in collate([data[i] for i in chosen]).items()}}
        labels = batch.pop("labels").cpu()
        logits[chosen] = model(**batch).logits.float().cpu()
        truth[chosen] = labels.float() if SEVERAL else functional.one_hot(labels, len(LABELS)).float()
    if SEVERAL:
        right = ((logits > 0) == (truth > 0.5)).all(-1)
        loss = functional.binary_cross_entropy_with_logits(logits, truth)
    else:
        right = logits.argmax(-1) == truth.argmax(-1)
        loss = functional.cross_entropy(logits, truth.argmax(-1))
    print(json.dumps({{"rows": len(data), "accuracy": right.float().mean().item(), "loss": loss.item()}}))


def main():
    set_seed(options.seed)
    model, tokenizer = begin()
{chosen_weights(facts.options)}    train = read("train")
    rows = tokenised(tokenizer, train, options.max_length)
{occurring}    model = fit(model, rows, PadTexts(tokenizer.pad_token_id or 0){loss})
    model.save_pretrained(OUT)
    tokenizer.save_pretrained(OUT)
    score(model, tokenizer, read("test") or read("validation"))
'''


def _loss(weighed: bool, balanced: bool) -> str:
    if not weighed:
        return ""
    weights = 'class_weights([row["label"] for row in train], len(LABELS))' if balanced else "None"
    return f", cross_entropy({weights}, options.label_smoothing)"


def _begin(facts: Facts, own: bool) -> str:
    if facts.options.from_scratch:
        made = (
            "EncoderClassifier(EncoderClassifierConfig.from_pretrained(TRAINED))"
            if own
            else "AutoModelForSequenceClassification.from_config(AutoConfig.from_pretrained(TRAINED))"
        )
        return f"    tokenizer = AutoTokenizer.from_pretrained(TRAINED)\n    model = {made}\n    model.config.update(names)\n"
    tokenizer = "    tokenizer = AutoTokenizer.from_pretrained(MODEL)\n"
    if not own:
        return f"""{tokenizer}    model = AutoModelForSequenceClassification.from_pretrained(
        MODEL, num_labels=len(LABELS), ignore_mismatched_sizes=True, **names
    )
"""
    return f"""{tokenizer}    shape = AutoConfig.from_pretrained(MODEL)
    model = EncoderClassifier(EncoderClassifierConfig(encoder=shape, pooling="mean", **names))
    nn.init.normal_(model.classifier.weight, std=0.02)
    nn.init.zeros_(model.classifier.bias)
    model.encoder = AutoModel.from_pretrained(MODEL, **({{"add_pooling_layer": False}} if _has_pooler(shape) else {{}}))
"""
