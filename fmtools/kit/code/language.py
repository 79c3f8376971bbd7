"""text-generation as a script."""

from __future__ import annotations

import json
from pathlib import Path

from ..models import blocks, language_model
from ..training import asked, losses
from .parts import Facts, chosen_weights, quoted, script


def refusal(folder: str) -> str:
    """Return why there is no script for a trained model; "" when there is one."""
    config = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
    return "an LSTM language model has none yet" if str(config["model_type"]).startswith("fmtools") else ""


def write(facts: Facts, folder: str) -> str:
    """Return the script."""
    del folder
    rows = (blocks.Blocks, blocks.Documents)[not facts.options.packing]
    source = quoted(
        ("IGNORED", losses.IGNORED), ("AT_ONCE", blocks.AT_ONCE), ("LOGITS", language_model.LOGITS), ("BROKEN", blocks.BROKEN),
        blocks.Targets, rows, blocks.PadTargets, blocks.end_token, blocks._tokens, blocks._sizes,
        asked.asked_alone, language_model.target_loss, language_model.tally, language_model.tallies, language_model.at_once,
    )  # fmt: skip
    return script(facts, source.replace("DataError(", "ValueError("), _main(facts, rows.__name__))


def _main(facts: Facts, rows: str) -> str:
    return f'''
class LanguageTrainer(OrderedTrainer):
    """Logits are made of the targets alone."""

    def compute_loss(self, model, inputs, *args, **kwargs):
        with asked_alone(model, inputs["labels"]):
            return super().compute_loss(model, inputs, *args, **kwargs)


def in_blocks(tokenizer, rows, model):
    """Return texts as rows of tokens whose label is the token that follows."""
    size = min(options.max_length, getattr(model.config, "max_position_embeddings", None) or options.max_length)
    return {rows}(tokenizer, [row["text"] for row in rows], size)


def begin():
    """Return (model, tokenizer)."""
{_begin(facts)}    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model, tokenizer


def score(model, tokenizer, rows):
    """Print loss (nats a token) and perplexity."""
    data = in_blocks(tokenizer, rows, model)
    nats, asked, right = tallies(model.eval(), data, PadTargets(tokenizer.pad_token_id or 0), 64).sum(0).tolist()
    found = {{"rows": len(rows), "loss": nats / asked, "perplexity": math.exp(min(nats / asked, 700))}}
    print(json.dumps({{**found, "token_accuracy": right / asked}}))


def main():
    set_seed(options.seed)
    model, tokenizer = begin()
    rows = in_blocks(tokenizer, read("train"), model)
{chosen_weights(facts.options)}    collate = PadTargets(tokenizer.pad_token_id or 0)
    model = fit(model, rows, collate, target_loss(options.label_smoothing), shifted=False, kind=LanguageTrainer)
    model.config.use_cache = True
    model.save_pretrained(OUT)
    tokenizer.save_pretrained(OUT)
    score(model, tokenizer, read("test") or read("validation"))
'''


def _begin(facts: Facts) -> str:
    if facts.options.from_scratch:
        return """    tokenizer = AutoTokenizer.from_pretrained(TRAINED)
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(TRAINED), dtype=torch.float32)
"""
    return """    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    model = AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32)
"""
