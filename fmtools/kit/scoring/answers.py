"""Exact match and F1 of answers, as the official SQuAD scripts define them; Chinese and Japanese by characters. Light."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..words.segments import Script, words

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_UNSPACED = ("zh", "ja", "characters")


def normalized(text: str) -> str:
    """Lower case, without ASCII punctuation, articles and extra blanks: `normalize_answer` of SQuAD's evaluation."""
    bare = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def parts(text: str, script: Script) -> list[str]:
    """Return what answers are compared by: words, or characters where words have no blanks between them."""
    return words(text) if script in _UNSPACED else normalized(text).split()


def exact(answer: str, truth: str, script: Script) -> float:
    """Return 1 when both say the same, else 0."""
    return float(parts(answer, script) == parts(truth, script))


def f1(answer: str, truth: str, script: Script) -> float:
    """Return the harmonic mean of precision and recall over words, 0 to 1; with an empty side 1 when both are empty."""
    got, want = parts(answer, script), parts(truth, script)
    if not got or not want:
        return float(got == want)
    same = sum((Counter(got) & Counter(want)).values())
    return 2 * same / (len(got) + len(want)) if same else 0.0


def best(answer: str, truths: Sequence[str], script: Script) -> tuple[float, float]:
    """Return (exact, F1) beside the truth that fits best; no truths: the right answer is none."""
    known = [truth for truth in truths if parts(truth, script)] or [""]
    return max(exact(answer, t, script) for t in known), max(f1(answer, t, script) for t in known)


def scores(found: Sequence[dict[str, Any]], truth: Sequence[dict[str, Any]], meta: dict[str, Any]) -> dict[str, Any]:
    """Score {"answer", "score"} against {"question", "answers"}: exact_match and f1 on SQuAD's scale of 0 to 100.

    Where some questions have no answer, has_answer_* and no_answer_* stand beside them (HasAns and NoAns of SQuAD 2).
    """
    values = [best(a["answer"], t["answers"], meta["script"]) for a, t in zip(found, truth, strict=True)]
    metrics = _means(values, "")
    answerable = [bool(t["answers"]) for t in truth]
    if not all(answerable):
        metrics |= _means([v for v, has in zip(values, answerable, strict=True) if has], "has_answer_")
        metrics |= _means([v for v, has in zip(values, answerable, strict=True) if not has], "no_answer_")
    return {"metrics": metrics, "report": {}, "confusion": {}, "details": _details(found, truth, values)}


def _means(values: list[tuple[float, float]], prefix: str) -> dict[str, float]:
    if not values:
        return {}
    means = (100.0 * sum(column) / len(values) for column in zip(*values, strict=True))
    return {f"{prefix}{name}": mean for name, mean in zip(("exact_match", "f1"), means, strict=True)}


def _details(
    found: Sequence[dict[str, Any]], truth: Sequence[dict[str, Any]], values: list[tuple[float, float]]
) -> list[dict[str, Any]]:
    """Return how sure the model was beside how right, and the surest wrong answers."""
    if any("score" not in answer for answer in found):
        return []
    import numpy as np

    from .details import calibration, worst

    sure = np.array([answer["score"] for answer in found])
    table, _ = calibration(sure, np.array([value[0] for value in values]))
    wrong = sorted((i for i, value in enumerate(values) if not value[1]), key=lambda i: -sure[i])
    rows = [
        (truth[i]["question"], " | ".join(truth[i]["answers"]) or "–", found[i]["answer"] or "–", sure[i])
        for i in wrong
    ]
    return [table, worst(rows)]
