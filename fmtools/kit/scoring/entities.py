"""Scores of tagged sentences: entities as seqeval counts them, tokens as scikit-learn does.

The entities are counted here and not by seqeval, which goes over all tags ten times for one report (tests compare both
to 1e-6).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..rows.tagging import OUTSIDE, Chunk, entities_of
from ..training.losses import IGNORED
from ..words.division import Division, join
from . import details
from .metrics import _row

Found = set[tuple[int, str, int, int]]
#: A tokenizer that knows less of the tokens than this leaves out does not know the language.
STRANGE = 0.1
AVERAGES = ("micro", "macro", "weighted")


def scores(
    guesses: Sequence[np.ndarray], truths: Sequence[np.ndarray], labels: list[str], plain: bool
) -> dict[str, Any]:
    """Score tag numbers [tokens] of each sentence against the true ones.

    metrics: precision, recall and f1 of entities over all types together; token_accuracy, token_f1_micro and
    token_f1_macro over tags with O among them. report: a row a type, and averages. confusion: over tags, rows = truth.
    details: the table of tags. `plain`: every token is an entity of its own, whose type is its tag.
    """
    report = entity_report(_all(guesses, labels, plain), _all(truths, labels, plain))
    tokens, confusion = token_report(np.concatenate(guesses), np.concatenate(truths), labels)
    whole = report["micro avg"]
    metrics = {name: whole[name] for name in ("f1", "precision", "recall")}
    metrics["token_accuracy"] = tokens.pop("accuracy")["f1"]
    metrics |= {f"token_f1_{average}": tokens[f"{average} avg"]["f1"] for average in ("micro", "macro")}
    return {"metrics": metrics, "report": report, "confusion": confusion, "details": [_tag_table(tokens)]}


def _all(sentences: Sequence[np.ndarray], labels: list[str], plain: bool) -> Found:
    """Return every entity of every sentence."""
    return {
        (number, chunk.kind, chunk.first, chunk.last)
        for number, tags in enumerate(sentences)
        for chunk in entities_of([labels[int(tag)] for tag in tags], plain)
    }


def entity_report(guessed: Found, true: Found) -> dict[str, dict[str, float]]:
    """Return precision, recall, F1 and support of each type that occurs, and micro, macro and weighted averages.

    An entity counts when its type and both its ends are right. What has no entity to divide by is 0.
    """
    right, said, asked = (Counter(kind for _, kind, _, _ in found) for found in (guessed & true, guessed, true))
    kinds = sorted(set(said) | set(asked))
    report: dict[str, dict[str, float]] = {k: _ratios(right[k], said[k], asked[k]) for k in kinds}
    rows, support = [report[kind] for kind in kinds], np.array([asked[kind] for kind in kinds])
    micro = _ratios(right.total(), said.total(), asked.total())
    names = ("precision", "recall", "f1")
    macro, weighted = (
        {**{name: _mean([row[name] for row in rows], weights) for name in names}, "support": asked.total()}
        for weights in (np.ones(len(kinds)), support)
    )
    return {**report, "micro avg": micro, "macro avg": macro, "weighted avg": weighted}


def _ratios(right: int, said: int, asked: int) -> dict[str, float]:
    """Return precision, recall and their harmonic mean."""
    return _row(_share(right, said), _share(right, asked), _share(2 * right, said + asked), asked)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _mean(values: list[float], weights: np.ndarray) -> float:
    return float(np.average(values, weights=weights)) if weights.sum() else 0.0


def token_report(
    guess: np.ndarray, truth: np.ndarray, labels: list[str]
) -> tuple[dict[str, dict[str, float]], dict[str, Any]]:
    """Return (a row for each tag that occurs, the averages and "accuracy"; the confusion of tags), from tags [tokens].

    As scikit-learn's classification_report over all tokens, with O as a class like the others.
    """
    from sklearn.metrics import precision_recall_fscore_support

    present = sorted(set(np.unique(truth).tolist()) | set(np.unique(guess).tolist()))
    columns = precision_recall_fscore_support(truth, guess, labels=present, zero_division=0.0)
    report = {
        labels[tag]: _row(p, r, f, s)
        for tag, p, r, f, s in zip(present, *(column.tolist() for column in columns), strict=True)
    }
    for average in AVERAGES:
        p, r, f, _ = precision_recall_fscore_support(truth, guess, labels=present, average=average, zero_division=0.0)
        report[f"{average} avg"] = _row(float(p), float(r), float(f), len(truth))
    share = float((guess == truth).mean())
    report["accuracy"] = _row(share, share, share, len(truth))
    matrix = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(matrix, (truth, guess), 1)
    seen = matrix[np.ix_(present, present)].tolist()
    return report, {"labels": [labels[tag] for tag in present], "matrix": seen}


def _tag_table(report: dict[str, dict[str, float]]) -> dict[str, Any]:
    columns = ("precision", "recall", "f1", "support")
    rows = [[name, *(row[column] for column in columns)] for name, row in report.items()]
    return details.detail("tags, token by token", ["tag", *columns], rows, note="O is counted as a tag like the others")


def from_batches(outputs: Any, truth: Any) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return (tags, true tags) of each row, from the Trainer's arrays [rows, longest], where -100 marks what has no tag."""
    chosen = np.asarray(outputs)
    chosen = chosen.argmax(-1) if chosen.ndim == 3 else chosen
    masks = np.asarray(truth) != IGNORED
    return (
        [row[mask] for row, mask in zip(chosen, masks, strict=True)],
        [row[mask] for row, mask in zip(np.asarray(truth), masks, strict=True)],
    )


def seen(
    found: Any, truth: Sequence[np.ndarray], labels: list[str], plain: bool, division: Division
) -> list[dict[str, Any]]:
    """Return what there is to see besides: how far probabilities can be trusted, and the sentences that went wrong.

    `found`: kit.models.taggers.Tagged.
    """
    sure, right = np.concatenate(found.sure), np.concatenate(found.tags) == np.concatenate(truth)
    calibration, _ = details.calibration(sure, right)
    if found.unknown > STRANGE:
        calibration["note"] = (
            f"{found.unknown:.0%} of the tokens are unknown to this model's tokenizer: choose a model that knows the language"
        )
    rows = []
    for tokens, tags, wanted, certain in zip(found.tokens, found.tags, truth, found.sure, strict=True):
        wrong = np.asarray(tags) != np.asarray(wanted)
        if wrong.any():
            said, asked = (
                _listed(tokens, entities_of([labels[int(tag)] for tag in row], plain), division)
                for row in (tags, wanted)
            )
            text = join(tokens, division)[0]
            rows.append((float(certain[wrong].max()), [text, *_apart(asked, said, plain), float(certain[wrong].max())]))
    rows.sort(key=lambda row: -row[0])
    return [calibration, details.worst(row for _, row in rows)]


def _apart(asked: list[str], said: list[str], plain: bool) -> list[str]:
    """Return both lists as texts; of tags, of which there is one a token, only those that differ."""
    if plain:
        pairs = [(a, b) for a, b in zip(asked, said, strict=True) if a != b]
        asked, said = [a for a, _ in pairs], [b for _, b in pairs]
    return [", ".join(asked) or "–", ", ".join(said) or "–"]


def _listed(tokens: list[str], chunks: Iterable[Chunk], division: Division) -> list[str]:
    return [f"{join(tokens[c.first : c.last + 1], division)[0]} ({c.kind})" for c in chunks]


def most_frequent(
    sentences: Iterable[tuple[Sequence[str], Sequence[int]]], labels: list[str]
) -> tuple[dict[str, int], int]:
    """Return ({token: its most frequent tag in training}, the tag of a token never seen: O, else the most frequent)."""
    counts: dict[str, Counter[int]] = {}
    total: Counter[int] = Counter()
    for tokens, tags in sentences:
        total.update(tags)
        for token, tag in zip(tokens, tags, strict=True):
            counts.setdefault(token, Counter())[tag] += 1
    usual = labels.index(OUTSIDE) if OUTSIDE in labels else total.most_common(1)[0][0]
    return {token: min(c, key=lambda tag: (-c[tag], tag)) for token, c in counts.items()}, usual
