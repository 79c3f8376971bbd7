"""From a task's outputs to what happened on each row (kit.scoring.significance.Outcomes), for every kind of score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .significance import Outcomes


def of(task: Any, outputs: Any, truth: Any, meta: dict[str, Any]) -> Outcomes | None:
    """Return what happened on each row of a split, or None for a task that does not say (a plug-in without `outcomes`)."""
    own = getattr(task, "outcomes", None)
    return own(outputs, truth, meta) if own is not None and truth is not None else None


def classes(logits: Any, truth: Any) -> Outcomes:
    """Accuracy of logits [rows, classes] against class numbers [rows], or against 0 and 1 [rows, labels], all of a row."""
    wide, asked = np.asarray(logits), np.asarray(truth)
    right = ((wide > 0) == (asked > 0.5)).all(-1) if asked.ndim == 2 else wide.argmax(-1) == asked
    return Outcomes("accuracy", "mean", right[:, None].astype(float), "texts")


def tags(guesses: Sequence[Any], truths: Sequence[Any], labels: list[str], plain: bool) -> Outcomes:
    """F1 of entities: for each sentence twice the right ones, and those said and asked for together."""
    from ..rows.tagging import entities_of

    def found(numbers: Any) -> set[tuple[str, int, int]]:
        return {(c.kind, c.first, c.last) for c in entities_of([labels[int(n)] for n in numbers], plain)}

    pairs = [(found(guess), found(truth)) for guess, truth in zip(guesses, truths, strict=True)]
    rows = [[2.0 * len(said & asked), float(len(said) + len(asked))] for said, asked in pairs]
    return Outcomes("f1", "ratio", np.array(rows), "sentences")


def tallies(sums: Any, unit: str = "texts") -> Outcomes:
    """Perplexity of sums [rows, 3]: nats, tokens asked for, right tokens."""
    return Outcomes("perplexity", "perplexity", np.asarray(sums, float)[:, :2], unit, points=0.0, lower=True)


def shares(metric: str, values: Sequence[float], unit: str, points: float = 100.0) -> Outcomes:
    """A metric that is the mean of a number a row."""
    return Outcomes(metric, "mean", np.asarray(values, float)[:, None], unit, points)


def errors(metric: str, values: Any) -> Outcomes:
    """A metric that is the mean of an error a row: the lower, the better."""
    return Outcomes(metric, "mean", np.asarray(values, float)[:, None], "rows", points=0.0, lower=True)


def answers(found: Sequence[dict[str, Any]], truth: Sequence[dict[str, Any]], script: Any) -> Outcomes:
    """F1 of answers on SQuAD's scale of 0 to 100."""
    from .answers import best

    values = [100.0 * best(a["answer"], t["answers"], script)[1] for a, t in zip(found, truth, strict=True)]
    return shares("f1", values, "questions", 1.0)


def texts(written: Sequence[str], references: Sequence[str], script: Any, metric: str) -> Outcomes:
    """BLEU over all texts, or the mean of a ROUGE a text."""
    from .written import BLEU_TOKENIZER, rouge

    if metric != "bleu":
        return shares(
            metric, [rouge([w], [r], script)[metric] for w, r in zip(written, references, strict=True)], "texts"
        )
    from sacrebleu.metrics.bleu import BLEU

    scorer = BLEU(tokenize=BLEU_TOKENIZER[script], force=True, references=[list(references)])
    # What sacrebleu's own paired tests resample; it has no public name.
    rows = scorer._extract_corpus_statistics(list(written), None)
    return Outcomes("bleu", "bleu", np.asarray(rows, float), "texts", points=1.0)


def rankings(vectors: dict[str, Any], truth: dict[str, Any], metric: str) -> Outcomes | None:
    """A ranking metric, the mean over the queries; None for rows that are no search (a correlation has no parts)."""
    from .retrieval import ranking_scores, ranks

    if "relevant" not in truth:
        return None
    found, _ = ranks(vectors["queries"], vectors["texts"], truth["relevant"])
    own = [ranking_scores([one]) for one in found]
    name = metric if metric in own[0] else "ndcg_at_10"
    return shares(name, [scores[name] for scores in own], "queries")


def preferences(found: dict[str, Any], beta: float) -> Outcomes:
    """reward_margin: how much more each pair's chosen answer gained than the rejected one."""
    ratios = found["after"] - found["before"]
    return shares("reward_margin", beta * (ratios[:, 0] - ratios[:, 1]), "pairs", 0.0)


def module(outputs: dict[str, Any], truth: Any, kind: str) -> Outcomes | None:
    """Accuracy of a module's classes, or the mean error of its numbers; None for one that has its own score only."""
    logits = outputs["logits"]
    if logits is None or truth is None:
        return None
    if kind == "classes":
        wide = np.stack([np.zeros_like(logits), logits], -1) if logits.ndim == 1 else logits
        return classes(wide, truth)
    return errors("mae", np.abs(np.asarray(logits, float) - np.asarray(truth, float))) if logits.ndim == 1 else None
