"""Scores of sentence vectors on rows of each kind (kit.rows.partners): a search for pairs, a correlation for scored ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from . import details
from .retrieval import likeness_scores, match_scores, ranking_scores, ranks

if TYPE_CHECKING:
    import pyarrow as pa

#: Vectors of texts of one side: (texts, asks) -> unit vectors [texts, width]; `asks`: the side that asks.
Encode = Callable[[list[str], bool], np.ndarray]
#: Pairs of other rows that are looked at for the mean cosine of texts that do not belong together.
OTHERS = 2000


def outputs(encode: Encode, rows: pa.Table, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return (vectors, truth) of prepared rows.

    Searches: {"queries": [q, width], "texts": [n, width]} of the distinct texts, and {"queries", "texts", "relevant" [q],
    "triplets"}; scored and labelled rows: {"likeness": cosines [rows]} and {"score" [rows], "first", "second"}.
    """
    first, second = rows["anchor"].to_pylist(), rows["positive"].to_pylist()
    if kind in ("scored", "labelled"):
        asks = encode(first, True), encode(second, True)
        return {"likeness": (asks[0] * asks[1]).sum(-1)}, {
            "score": rows["score"].to_numpy(),
            "first": first,
            "second": second,
        }
    third = rows["negative"].to_pylist() if kind == "triplets" else []
    queries, texts = list(dict.fromkeys(first)), list(dict.fromkeys([*second, *third]))
    place, found = {text: i for i, text in enumerate(queries)}, {text: i for i, text in enumerate(texts)}
    relevant: list[list[int]] = [[] for _ in queries]
    for one, other in dict.fromkeys(zip(first, second, strict=True)):
        relevant[place[one]].append(found[other])
    triplets = [(place[a], found[b], found[c]) for a, b, c in zip(first, second, third, strict=True)] if third else []
    truth = {"queries": queries, "texts": texts, "relevant": relevant, "triplets": triplets}
    return {"queries": encode(queries, True), "texts": encode(texts, False)}, truth


def score(vectors: dict[str, Any], truth: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return {"metrics", "report", "details"} of what `outputs` gave."""
    if kind in ("scored", "labelled"):
        return _score_likeness(vectors["likeness"], truth, kind)
    found, nearest = ranks(vectors["queries"], vectors["texts"], truth["relevant"])
    metrics = {**ranking_scores(found), **_cosines(vectors, truth)}
    if truth["triplets"]:
        asked, right, wrong = (list(places) for places in zip(*truth["triplets"], strict=True))
        queries, texts = vectors["queries"], vectors["texts"]
        nearer = (queries[asked] * texts[right]).sum(-1) > (queries[asked] * texts[wrong]).sum(-1)
        metrics["triplet_accuracy"] = float(nearer.mean())
    return {"metrics": metrics, "report": {}, "details": [_missed(found, nearest, truth), _sizes(truth)]}


def _cosines(vectors: dict[str, Any], truth: dict[str, Any]) -> dict[str, float]:
    """Return the mean cosine of what belongs together, and of other texts (a fixed draw of them)."""
    queries, texts, relevant = vectors["queries"], vectors["texts"], truth["relevant"]
    mine = [float(queries[q] @ texts[t]) for q, places in enumerate(relevant) for t in places]
    random = np.random.default_rng(0)
    drawn = zip(random.integers(len(queries), size=OTHERS), random.integers(len(texts), size=OTHERS), strict=True)
    others = [float(queries[q] @ texts[t]) for q, t in drawn if t not in relevant[q]]
    return {"cosine_positive": float(np.mean(mine)), **({"cosine_other": float(np.mean(others))} if others else {})}


def _missed(found: list[np.ndarray], nearest: list[int], truth: dict[str, Any]) -> dict[str, Any]:
    order = sorted((q for q in range(len(found)) if found[q].min() > 1), key=lambda q: -int(found[q].min()))
    rows = [
        [truth["queries"][q], truth["texts"][truth["relevant"][q][0]], truth["texts"][nearest[q]], int(found[q].min())]
        for q in order
    ]
    return details.worst(rows, ("text", "truth", "found first", "rank of the truth"))


def _sizes(truth: dict[str, Any]) -> dict[str, Any]:
    rows = [["texts that ask", len(truth["queries"])], ["texts searched", len(truth["texts"])]]
    return details.detail("search", ["what", "count"], rows)


def _score_likeness(likeness: np.ndarray, truth: dict[str, Any], kind: str) -> dict[str, Any]:
    wanted = np.asarray(truth["score"], np.float64)
    metrics = likeness_scores(likeness, wanted)
    report: dict[str, Any] = {}
    if kind == "labelled":
        more, report = match_scores(likeness, wanted)
        metrics |= more
    places = likeness.argsort().argsort() - wanted.argsort().argsort()
    order = np.abs(places).argsort()[::-1]
    rows = [[truth["first"][i], truth["second"][i], float(wanted[i]), float(likeness[i])] for i in order]
    worst = details.worst(rows, ("text", "other text", "truth", "cosine"))
    return {"metrics": metrics, "report": report, "details": [worst]}


def tf_idf(train: list[str]) -> Encode:
    """Return vectors of word counts, weighted by rarity in `train`: the search that knows no meaning. Chinese by two characters."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(
        sublinear_tf=True, token_pattern=r"(?u)[^\W\u4e00-\u9fff]+|[\u4e00-\u9fff]", ngram_range=(1, 2)
    )
    words.fit(train)
    return lambda texts, asks: np.asarray(words.transform(texts).todense(), np.float32)
