"""token-classification as a script."""

from __future__ import annotations

from ...serving.reading import windows
from ..models import tokens
from ..training import losses, vocabulary
from ..words import division
from .parts import Facts, chosen_weights, literal, quoted, script


def refusal(folder: str) -> str:
    """There is always a script."""
    del folder
    return ""


def write(facts: Facts, folder: str) -> str:
    """Return the script."""
    del folder
    blocks = quoted(
        ("WIDE", division.WIDE), division.is_wide, division.spaced,
        ("IGNORED", losses.IGNORED), ("BLANKS", tuple(sorted(tokens.BLANKS))), ("CONTEXT", windows.CONTEXT), ("SHARE", vocabulary.SHARE),
        tokens.Pieces, tokens._frame, windows.Window, windows.windows, windows._grow, tokens.TaggedRows, tokens.PadTags,
        vocabulary.PartlyTrained, vocabulary.train_what_occurs,
    )  # fmt: skip
    weighed = facts.options.class_weights == "balanced" or facts.options.label_smoothing
    if weighed:
        blocks += "\n\n" + quoted(losses.class_weights, losses.cross_entropy)
    blocks = blocks.replace("division: Division", "division: str").replace("_WIDE.match(", 're.match(f"[{WIDE}]", ')
    return script(facts, f"import re\n\n{blocks}", _main(facts, bool(weighed)))


def _main(facts: Facts, weighed: bool) -> str:
    weights = 'class_weights([tag for row in train for tag in row["tags"]], len(LABELS))'
    weights = weights if facts.options.class_weights == "balanced" else "None"
    loss = f", cross_entropy({weights}, options.label_smoothing)" if weighed else ""
    occurring = "    model = train_what_occurs(model, [*rows.input_ids, tokenizer.all_special_ids])\n"
    occurring = "" if facts.options.optimizer == "adafactor" else occurring
    return f'''
LABELS = {literal(facts.meta["labels"])}
DIVISION = {facts.meta["division"]!r}  # how texts become tokens
LONGEST = 512


def longest(model, tokenizer):
    """Return how many pieces a window may have."""
    positions = int(getattr(model.config, "max_position_embeddings", LONGEST) or LONGEST)
    if model.config.model_type in ("roberta", "xlm-roberta", "camembert"):
        positions -= 2  # theirs begin behind the number of the padding
    return max(8, min(positions, int(tokenizer.model_max_length), LONGEST))


def windowed(tokenizer, rows, size):
    """Return sentences as windows of pieces with their tags."""
    return TaggedRows(Pieces(tokenizer, DIVISION), [r["tokens"] for r in rows], [r["tags"] for r in rows], size)


def begin():
    """Return (model, tokenizer)."""
    names = {{
        "num_labels": len(LABELS),
        "id2label": dict(enumerate(LABELS)),
        "label2id": {{label: i for i, label in enumerate(LABELS)}},
    }}
{_begin(facts)}    return model, tokenizer


@torch.inference_mode()
def score(model, tokenizer, rows):
    """Print the share of right tags and the mean of -log p(tag) over all tokens."""
    model.eval()
    data, collate = windowed(tokenizer, rows, longest(model, tokenizer)), PadTags(tokenizer.pad_token_id or 0)
    order = sorted(range(len(data)), key=data.lengths.__getitem__)
    right = asked = nats = 0.0
    for start in range(0, len(order), 64):
        batch = {{k: v.to(model.device) for k, v in collate([data[i] for i in order[start : start + 64]]).items()}}
        labels = batch.pop("labels")
        logits = model(**batch).logits.float()
        seen = labels != IGNORED
        right += (logits.argmax(-1) == labels)[seen].sum().item()
        asked += seen.sum().item()
        nats += functional.cross_entropy(logits[seen], labels[seen], reduction="sum").item()
    print(json.dumps({{"rows": len(rows), "token_accuracy": right / asked, "loss": nats / asked}}))


def main():
    set_seed(options.seed)
    model, tokenizer = begin()
{chosen_weights(facts.options)}    train = read("train")
    rows = windowed(tokenizer, train, min(options.max_length, longest(model, tokenizer)))
{occurring}    model = fit(model, rows, PadTags(tokenizer.pad_token_id or 0){loss})
    model.save_pretrained(OUT)
    tokenizer.save_pretrained(OUT)
    score(model, tokenizer, read("test") or read("validation"))
'''


def _begin(facts: Facts) -> str:
    if facts.options.from_scratch:
        return """    tokenizer = AutoTokenizer.from_pretrained(TRAINED)
    model = AutoModelForTokenClassification.from_config(AutoConfig.from_pretrained(TRAINED, **names))
"""
    return """    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    model = AutoModelForTokenClassification.from_pretrained(MODEL, ignore_mismatched_sizes=True, **names)
"""
