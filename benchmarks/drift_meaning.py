"""Drift of vectors: false alarms and missed ones on real vectors of e5-small, of the built-in intents and reviews."""

from __future__ import annotations

import time

import numpy as np

import fmtools
from fmtools.api.data_cards import DataCard
from fmtools.kit.drift import counts as drift
from fmtools.kit.fetching.assets import cache_root
from fmtools.kit.models import similarity
from fmtools.serving.reading import meaning

from .figures import Aim, Figure
from .settings import Settings, scratch

#: Rows of a reference, and texts that are embedded of each set.
REFERENCE, TEXTS = 256, 3000


def run(settings: Settings) -> list[Figure]:
    """Draw reference and traffic anew for each look: both of all intents, then traffic of other intents, and of reviews."""
    count, folder = (200 if settings.quick else TEXTS), cache_root() / "models" / "e5-small"
    if not folder.is_dir():
        print("e5-small is not here: fmtools get e5-small")
        return []
    with scratch():
        intents, labels = _texts("intents", "text", "intent", count)
        reviews, _ = _texts("reviews", "review", None, count // 6)
    model = similarity.load(str(folder))
    vectors, other = (similarity.embed(model, texts, similarity.ASKING) for texts in (intents, reviews))
    looks, chance = settings.repeats(1000, 20), np.random.default_rng(1)
    names = sorted(set(labels))
    lights = np.isin(labels, [name for name in names if "Light" in name])
    few = looks // 10
    figures = [
        Figure(
            f"looks at {rows:,} texts like the reference's with a false alarm",
            [float(_alarm(chance, vectors, vectors, rows)) for _ in range(looks)],
            "share", Aim("<=", 0.005), share=True, note=f"{REFERENCE} rows of reference",
        )
        for rows in (120, 1000, 5000)
    ]  # fmt: skip
    for what, traffic in (("intents about lights alone", vectors[lights]), ("product reviews", other)):
        missed = [float(not _alarm(chance, vectors, traffic, 300)) for _ in range(few)]
        figures.append(Figure(f"looks at 300 {what} without an alarm", missed, "share", Aim("<=", 0.01), share=True))
    return [*figures, Figure("counting a vector", [_cost(vectors)], "us", Aim("<=", 50))]


def _texts(name: str, column: str, label: str | None, count: int) -> tuple[list[str], np.ndarray]:
    """Return different texts of a built-in set, and their labels."""
    data = fmtools.load_data(name)
    assert isinstance(data, DataCard)
    rows = {row[column]: row.get(label or "") for t in data.dataset.splits.values() for row in t.to_pylist()}
    texts = sorted(rows)
    chosen = np.random.default_rng(0).permutation(len(texts))[:count]
    return [texts[i] for i in chosen], np.array([str(rows[texts[i]]) for i in chosen])


def _alarm(chance: np.random.Generator, before: np.ndarray, now: np.ndarray, rows: int) -> bool:
    """Say whether `rows` texts drawn of `now` are an alarm beside REFERENCE others drawn of `before`."""
    reference = before[chance.integers(len(before), size=REFERENCE)]
    middle = meaning.centre(reference)
    seen = now[chance.integers(len(now), size=rows)]
    (found,) = drift.compare(_counted(reference, middle), _counted(seen, middle))
    return bool(found["drifted"])


def _counted(vectors: np.ndarray, middle: list[float]) -> dict[str, object]:
    parts = ((meaning.projected(vectors) > np.asarray(middle)) * 2 ** np.arange(meaning.PLANES)).sum(1)
    names, counts = np.unique(parts, return_counts=True)
    return {
        "bins": 1,
        "rows": len(vectors),
        "meaning": {str(n): int(c) for n, c in zip(names, counts, strict=True)},
    }


def _cost(vectors: np.ndarray) -> float:
    """Return the microseconds that a server spends on the part of one vector."""
    middle, began = meaning.centre(vectors), time.perf_counter()
    for vector in vectors[:200]:
        meaning.part(vector, middle)
    return (time.perf_counter() - began) / len(vectors[:200]) * 1e6
