"""An opened knowledge base: passages with their questions and rows, vectors, and the searches over them."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import ModelError
from ..kit.asking import knowledge
from ..store import indexes
from ..store.runs import home
from . import launch

#: Below so many passages every one is compared: the graph that usearch builds for more is no faster there.
ALL = 20_000


@dataclass
class Base:
    """An opened knowledge base: passages with their questions and rows, vectors, and the searches over them."""

    facts: dict[str, Any]
    texts: list[str]
    questions: list[str]
    rows: list[int]
    vectors: Any
    words: Any = field(repr=False)

    def ranked(self, question: str, vector: np.ndarray, search: str) -> tuple[list[int], np.ndarray]:
        """Return (places of passages, best first; the cosine of every passage [n])."""
        count = min(len(self.texts), knowledge.CANDIDATES)
        matches = self.vectors.search(vector, count, exact=len(self.texts) <= ALL)
        near = [int(key) for key in matches.keys]
        cosines = np.full(len(self.texts), -1.0, np.float32)
        cosines[near] = 1.0 - np.asarray(matches.distances, np.float32)
        if search == "meaning":
            return near, cosines
        scores = knowledge.word_scores(self.words, question)
        said = [int(i) for i in np.argsort(-scores, kind="stable")[:count] if scores[i] > 0]
        return (said if search == "words" else knowledge.fused([near, said])), cosines

    def apart(self, order: list[int]) -> list[int]:
        """Return the best passage of each row alone, in their order."""
        first: dict[int, int] = {}
        for place in order:
            first.setdefault(self.rows[place], place)
        return list(first.values())


def vectors(folder: str, texts: list[str], asks: bool) -> np.ndarray:
    """Return unit vectors [texts, width] (float32) by the model of a folder, in the worker; `asks`: texts are questions."""
    answer = launch.ask("vectors", folder=folder, texts=texts, asks=asks)
    return np.frombuffer(base64.b64decode(answer["data"]), np.float32).reshape(len(texts), answer["width"])


def near(vectors: np.ndarray) -> Any:
    """Return a usearch index over vectors [n, width], whose keys are their places."""
    from usearch.index import Index

    index = Index(ndim=vectors.shape[1], metric="cos", dtype="f32")
    index.add(np.arange(len(vectors)), np.ascontiguousarray(vectors))
    return index


@lru_cache(maxsize=4)
def _opened(folder: Path, stamp: int) -> Base:
    import pyarrow.feather as feather
    from usearch.index import Index

    del stamp
    table = feather.read_table(folder / indexes.PASSAGES)
    texts, questions, rows = (table[name].to_pylist() for name in ("text", "question", "row"))
    vectors = Index.restore(str(folder / indexes.VECTORS))
    return Base(indexes.facts(folder), texts, questions, rows, vectors, knowledge.by_words(texts))


def opened(word: str) -> Base:
    """Open a knowledge base by its name, or the newest."""
    folder = indexes.find(word, home())
    return _opened(folder, (folder / indexes.FACTS).stat().st_mtime_ns)


def encoder_of(base: Base) -> str:
    """Return the folder of the model that made the vectors. Raises ModelError when it is gone."""
    folder: str = base.facts["encoder"]
    if not Path(folder).is_dir():
        raise ModelError(
            f"The model that made the vectors of {base.facts['name']} is gone.",
            "Make the knowledge base anew: %fm_index.",
        )
    return folder
