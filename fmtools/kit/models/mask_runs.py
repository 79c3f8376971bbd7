"""fill-mask in the worker: from prepared tables to parts of a training, to scores, to filled gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ...core.contracts import Parts
from ...core.errors import DataError, OptionError
from ...core.options import TrainOptions
from ..cost.model import rows_at_once
from ..rows import gaps
from ..scoring.details import worst
from ..training import methods
from ..training.asked import asked_alone
from ..training.losses import IGNORED
from . import encoders, language_model, looking, ngrams
from .blocks import PadTargets
from .language_runs import KEPT, USUAL, kept
from .masking import Masked

if TYPE_CHECKING:
    import pyarrow as pa

#: Which tokens are hidden in rows that are scored never changes: figures of two runs compare.
FIXED = 0
#: Rows that are looked through for the surest mistakes, mistakes that are shown, characters around them.
LOOKED, SHOWN, AROUND = 64, 20, 60
Loaded = tuple[Any, Any]


def parts(folder: str, splits: dict[str, pa.Table], options: TrainOptions) -> Parts:
    """Return what a training needs. Raises OptionError for an adapter on a model whose output layer is new."""
    texts = {name: splits[name]["text"].to_pylist() for name in ("train", "validation")}
    model, tokenizer = language_model.begin(folder, "masked", texts["train"], options)
    new = not options.from_scratch and not _has_head(folder, model)
    if new and options.method == "lora":
        raise OptionError(
            "This model has no trained output layer: an adapter would leave it random.",
            "Use --method full or last-layers.",
        )
    setattr(model.config, KEPT, {"max_length": options.max_length})
    train = Masked(tokenizer, texts["train"], options.max_length, options.seed)
    if new:
        _begin_with_frequencies(model, train)
    validation = Masked(tokenizer, texts["validation"], options.max_length, FIXED, fixed=True)
    model = methods.apply(model, options)
    fitting = language_model.at_once(model, options.max_length, rows_at_once(options))
    return Parts(
        model,
        tokenizer,
        train,
        validation,
        PadTargets(tokenizer.pad_token_id or 0),
        methods.groups(model, options),
        probes=options.watch or [_probe(texts["validation"])],
        validate="loss",
        derived=_derived,
        loss=language_model.target_loss(options.label_smoothing),
        trainer=language_model.MaskedTrainer,
        argument_options={"per_device_eval_batch_size": fitting},
    )


def _has_head(folder: str, model: Any) -> bool:
    """Say whether a folder brings the output layer: weights outside the base, whatever they are called."""
    from pathlib import Path

    names = encoders.weight_names(Path(folder))
    return any(name.startswith(tuple(f"{head}." for head in methods.head_modules(model))) for name in names)


def _begin_with_frequencies(model: Any, rows: Masked) -> None:
    """Let a new output layer begin where counting ends: its bias is the log of how frequent each token is."""
    bias = getattr(model.get_output_embeddings(), "bias", None)
    if bias is None:
        return
    counts = torch.bincount(torch.cat([torch.as_tensor(row) for row in rows.rows]), minlength=len(bias)) + 1.0
    with torch.no_grad():
        bias.copy_(torch.log(counts / counts.sum()))


def _probe(texts: list[str]) -> str:
    text = next((text for text in texts if 6 <= len(text) <= 60), texts[0].strip())
    return text[:60].split("\n")[0] or text


def _derived(own: dict[str, float]) -> dict[str, float]:
    return language_model.derived(own["loss"], 1, None) if "loss" in own else {}


def outputs(loaded: Loaded, table: pa.Table, batch_size: int) -> tuple[dict[str, Any], None]:
    """Return {"tallies" [rows, 3], "worst"}: sums over the hidden tokens of each row, and the surest mistakes."""
    model, tokenizer = loaded
    rows = Masked(tokenizer, table["text"].to_pylist(), _size(model), FIXED, fixed=True)
    collate = PadTargets(tokenizer.pad_token_id or 0)
    found = language_model.tallies(model, rows, collate, batch_size)
    wrong = [error for i in range(min(len(rows), LOOKED)) for error in _errors(model, tokenizer, collate([rows[i]]))]
    return {"tallies": found, "worst": sorted(wrong, key=lambda error: -error[3])[:SHOWN]}, None


def _size(model: Any) -> int:
    limit = language_model.positions_of(model) or USUAL["max_length"]
    return min(int(kept(model)["max_length"]), limit)


@torch.no_grad()
def _errors(model: Any, tokenizer: Any, batch: dict[str, torch.Tensor]) -> list[tuple[str, str, str, float]]:
    """Return (text around, truth, predicted, confidence) of the hidden tokens of one row that were guessed wrong."""
    labels, ids = batch["labels"][0], batch["input_ids"][0]
    places = torch.nonzero(labels != IGNORED)[:, 0]
    with asked_alone(model, batch["labels"]):
        logits = model(input_ids=batch["input_ids"].to(model.device)).logits.cpu()
    alone = logits if logits.ndim == 2 else logits[0, places]
    score, guess = alone.float().softmax(-1).max(-1)
    return [
        (
            _around(tokenizer, ids, int(place)),
            tokenizer.decode([int(labels[place])]),
            tokenizer.decode([int(g)]),
            float(s),
        )
        for place, g, s in zip(places, guess, score, strict=True)
        if int(g) != int(labels[place])
    ]


def _around(tokenizer: Any, ids: torch.Tensor, place: int) -> str:
    before, after = (
        tokenizer.decode(part, skip_special_tokens=False)
        for part in (ids[max(0, place - 12) : place], ids[place + 1 : place + 13])
    )
    return f"{before[-AROUND:]} ___ {after[:AROUND]}"


def score(outputs: dict[str, Any]) -> dict[str, Any]:
    """Return perplexity, loss (nats a hidden token) and accuracy over all hidden tokens, and the surest mistakes."""
    own = language_model.scores(outputs["tallies"].sum(0), "accuracy")
    metrics = {**_derived(own), **own}
    return {"metrics": metrics, "report": {}, "confusion": {}, "details": [worst(outputs["worst"])]}


def fill(loaded: Loaded, inputs: list[dict[str, Any]], top: int) -> list[dict[str, Any]]:
    """Return for each text its best filling and the `top` candidates of each gap."""
    return [_filled(loaded, row["text"], top) for row in inputs]


@torch.no_grad()
def _filled(loaded: Loaded, text: str, top: int) -> dict[str, Any]:
    model, tokenizer = loaded
    limit = language_model.positions_of(model)
    asked = len(gaps.GAP.findall(text))
    ids = tokenizer(
        gaps.GAP.sub(tokenizer.mask_token, text), truncation=limit is not None, max_length=limit, verbose=False
    )["input_ids"]
    places = [i for i, token in enumerate(ids) if token == tokenizer.mask_token_id]
    if len(places) < asked:
        raise DataError(
            f"A gap stands beyond the {limit} tokens that this model reads.", "Give the sentence around it."
        )
    logits = model(input_ids=torch.tensor([ids], device=model.device)).logits[0, places].float().cpu()
    found = [_candidates(tokenizer, row, top) for row in logits.softmax(-1)]
    best = [gap[0]["token_str"] for gap in found]
    for number, gap in enumerate(found):
        for one in gap:
            one["sequence"] = gaps.filled(text, [*best[:number], one["token_str"], *best[number + 1 :]])
    return {"text": text, **found[0][0], "top": found[0], "gaps": found}


def _candidates(tokenizer: Any, probabilities: torch.Tensor, top: int) -> list[dict[str, Any]]:
    scores, tokens = probabilities.topk(min(top, len(probabilities)))
    return [
        {"score": float(score), "token": int(token), "token_str": tokenizer.decode([int(token)])}
        for score, token in zip(scores, tokens, strict=True)
    ]


def attention(loaded: Loaded, text: str) -> tuple[list[str], np.ndarray]:
    """Return (tokens [n], attention [layers, heads, n, n]); a gap in the text is shown as the mask token."""
    model, tokenizer = loaded
    return looking.attention(model, tokenizer, gaps.GAP.sub(tokenizer.mask_token or "___", text))


def baseline(folder: str, splits: dict[str, pa.Table], split: str) -> dict[str, Any]:
    """Score counting: each hidden token by how frequent it is in the training rows."""
    tokenizer = encoders.load_tokenizer(folder)
    size = USUAL["max_length"]
    train = Masked(tokenizer, splits["train"]["text"].to_pylist(), size, FIXED, fixed=True)
    held = Masked(tokenizer, splits[split]["text"].to_pylist(), size, FIXED, fixed=True)
    every = np.concatenate([np.asarray(row, np.int64) for row in train.rows])
    ordinary = every[~np.isin(every, tokenizer.all_special_ids)]
    counts = ngrams.Counts(ordinary, ordinary, len(tokenizer))
    _, asked = ngrams.pairs(held)
    loss = float(-np.log(counts.unigram(asked)).mean())
    right = float((asked == counts.likeliest()).mean())
    metrics = {**language_model.derived(loss, 1, None), "loss": loss, "accuracy": right}
    return {
        "name": "unigram model of the training tokens",
        "metrics": metrics,
        "report": {},
        "confusion": {},
        "details": [],
    }
