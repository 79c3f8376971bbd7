"""How well a knowledge base finds: questions that its encoder never saw, and foreign ones that it shall refuse."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from ..kit.asking import knowledge
from ..kit.scoring import retrieval
from ..store import datasets
from ..store.runs import RunFolder, home
from . import launch
from .knowledge_base import Base, vectors

#: The searches, in the order of the table.
WAYS = ("words", "meaning", "both")
#: Foreign questions: sentences of the built-in set, none of which any knowledge base answers but one about them.
FOREIGN = 200


def held_back(run: RunFolder | None, asked: list[str]) -> tuple[list[int], str]:
    """Return rows whose questions the encoder was not trained on, and how that is known."""
    known = [row for row, question in enumerate(asked) if question]
    if run is None:
        return known, "the model was not trained on any of these questions"
    splits, _ = datasets.load(run.record.dataset, home())
    learned = {
        text for name in splits["train"].column_names if name != "score" for text in splits["train"][name].to_pylist()
    }
    return [row for row in known if asked[row] not in learned], f"questions that {run.record.name} was not trained on"


def tested(base: Base, folder: str, asked: list[str], held: list[int]) -> dict[str, Any]:
    """Return how often each search finds the passage of a question held back, and where to refuse."""
    foreign = _foreign(asked)
    away = vectors(folder, foreign, asks=True)
    outside = np.array([base.ranked(q, v, "meaning")[1].max() for q, v in zip(foreign, away, strict=True)])
    if not held:
        return {"threshold": float(np.quantile(outside, 0.95)), "tested": 0, "held": [], "best": "both"}
    near = vectors(folder, [asked[row] for row in held], asks=True)
    places: dict[str, list[np.ndarray]] = {way: [] for way in WAYS}
    nearest = []
    for row, vector in zip(held, near, strict=True):
        for way in WAYS:
            order, cosines = base.ranked(asked[row], vector, way)
            right = [rank for rank, place in enumerate(order, 1) if base.rows[place] == row]
            places[way].append(np.array([min(right, default=len(base.texts))]))
        nearest.append(float(cosines.max()))
    cut = knowledge.threshold(np.array(nearest), outside)
    scores = {
        way: {**retrieval.ranking_scores(found), "recall_at_3": _within(found, 3)} for way, found in places.items()
    }
    best = max(WAYS, key=lambda way: scores[way]["mrr"])  # an answer is quoted from the first source
    return {
        "tested": len(held),
        "held": held,
        "scores": scores,
        "best": best,
        "threshold": cut.value,
        "refusal": asdict(cut),
    }


def _within(found: list[np.ndarray], k: int) -> float:
    return float(np.mean([own.min() <= k for own in found]))


def _foreign(asked: list[str]) -> list[str]:
    """Return sentences that have nothing to do with the knowledge base: commands to a home, of the built-in set."""
    table = launch.load("intents").splits["test"]
    own = set(asked)
    texts = [text for text in table["text"].to_pylist() if text not in own]
    return texts[:: max(1, len(texts) // FOREIGN)][:FOREIGN]
