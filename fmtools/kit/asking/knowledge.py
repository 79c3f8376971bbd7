"""A knowledge base: passages, found by words (BM25) and by meaning (vectors), and when to say that none fits. No torch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ..words.segments import sentences

if TYPE_CHECKING:
    import numpy as np

#: A passage is not longer than this, in characters: what a small encoder reads of it, and a person likes to read.
LONGEST = 900
#: The constant of reciprocal rank fusion (Cormack, Clarke, Buettcher 2009), which they found to matter little.
FUSED = 60
#: How many candidates of each search are fused.
CANDIDATES = 50
_WORD = re.compile(r"[^\W\u3400-\u9fff]+|[\u3400-\u9fff]+")


def words(text: str) -> list[str]:
    """Return what is counted: words in small letters; Chinese, which has no spaces, by single characters and pairs."""
    found: list[str] = []
    for part in _WORD.findall(text.lower()):
        if part[0] < "\u3400":
            found.append(part)
        else:
            found += [*part, *map("".join, pairwise(part))]
    return found


def passages(text: str) -> list[str]:
    """Cut a long text at ends of sentences, each piece beginning with the last sentence of the one before."""
    if len(text) <= LONGEST:
        return [text]
    found: list[list[str]] = [[]]
    for start, end in sentences(text) or [(0, len(text))]:
        for at in range(start, end, LONGEST):
            piece = text[at : min(end, at + LONGEST)].strip()
            if found[-1] and sum(map(len, found[-1])) + len(piece) > LONGEST:
                found.append(
                    found[-1][-1:] if len(found[-1]) > 1 and len(found[-1][-1]) + len(piece) <= LONGEST else []
                )
            found[-1].append(piece)
    return [" ".join(parts) for parts in found if parts]


def by_words(texts: Sequence[str]) -> Any:
    """Return a BM25 index (bm25s) over texts."""
    import bm25s

    index = bm25s.BM25()
    index.index([words(text) or [""] for text in texts], show_progress=False)
    return index


def word_scores(index: Any, question: str) -> np.ndarray:
    """Return the BM25 score of every text [n] for a question."""
    import numpy as np

    known = [word for word in words(question) if word in index.vocab_dict]
    if not known:
        return np.zeros(index.scores["num_docs"], np.float32)
    found: np.ndarray = index.get_scores(known)
    return found


def fused(rankings: Sequence[Sequence[int]]) -> list[int]:
    """Return places of several rankings, best first, by reciprocal ranks: no score has to be comparable with another."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, place in enumerate(ranking, 1):
            scores[place] = scores.get(place, 0.0) + 1.0 / (FUSED + rank)
    return sorted(scores, key=lambda place: (-scores[place], place))


@dataclass(frozen=True)
class Threshold:
    """The likeness below which a question is refused. kept, refused: shares of the questions that belong here and of
    foreign ones that are treated rightly; asked, foreign: how many there were of each."""

    value: float
    kept: float
    refused: float
    asked: int
    foreign: int


def threshold(inside: np.ndarray, outside: np.ndarray) -> Threshold:
    """Return the cut between the best likenesses of questions that belong here and of foreign ones.

    The one with the best mean of both shares; of several equally good ones the middle, as the next question is a new one.
    """
    import numpy as np

    values = np.unique(np.concatenate([inside, outside]))
    cuts = np.concatenate([[values[0] - 1e-3], (values[1:] + values[:-1]) / 2, [values[-1] + 1e-3]])
    kept = (inside[None] >= cuts[:, None]).mean(1)
    refused = (outside[None] < cuts[:, None]).mean(1)
    good = kept + refused
    best = np.flatnonzero(good >= good.max() - 1e-12)
    chosen = int(best[len(best) // 2])
    return Threshold(float(cuts[chosen]), float(kept[chosen]), float(refused[chosen]), len(inside), len(outside))


def quoted(question: str, passage: str, most: int = 3) -> str:
    """Return the sentences of a passage, in their order, that share most with a question; a short passage whole."""
    places = sentences(passage)
    if len(places) <= most:
        return passage
    asked = set(words(question))
    parts = [passage[start:end] for start, end in places]
    shared = [len(asked & set(words(part))) / (1 + len(words(part))) ** 0.5 for part in parts]
    best = sorted(sorted(range(len(parts)), key=lambda i: (-shared[i], i))[:most])
    return " ".join(part.strip() for part in (parts[i] for i in best))
