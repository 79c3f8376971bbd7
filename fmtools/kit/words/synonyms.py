"""Words that may stand for each other: from a user's file, or neighbours in a model's embeddings.

No thesaurus comes with fmtools. Neighbours in embeddings are words of the same use, which are not always words of the
same meaning ("good" lies near "bad"): a neighbour is taken only when it keeps the company of the same labels in the
training rows, and a preview should be read before the copies are used.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...core.errors import DataError
from ...core.options.steps import Synonyms
from ..reading.places import existing
from .wording import pieces

#: Words of the training rows that are looked at, the most frequent first; rarer ones than LEAST_ROWS say too little.
WORDS, LEAST_ROWS, LEAST_LETTERS = 3_000, 3, 3
#: Neighbours taken of a word; and how far its labels' shares may lie from the word's (0 = alike, 1 = none in common).
TAKEN, APART = 3, 0.35
#: Words that hold a sentence together have no synonyms.
GRAMMAR = frozenset(
    "the a an and or but if so as of to in on at by for with from into over under is are was were be been being am do does did has have "
    "had i you he she it we they me him her us them my your his its our their this that these those not no nor than then there here "
    "what which who whom whose when where why how can could may might must shall should will would very too just also only".split()
)


def from_file(path: Path) -> dict[str, list[str]]:
    """Read synonyms: lines `big: large, huge` (or tabs, or commas; words stand for each other), or JSON {"big": [...]}.

    Returns {word in small letters: others}. Raises DataError with file and line for what cannot be read.
    """
    existing(path)
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path.name} cannot be read as UTF-8 text: {error}.", "Save it as UTF-8.") from None
    found = _from_json(path, text) if path.suffix.lower() == ".json" else _from_lines(path, text)
    if not found:
        raise DataError(f"{path.name} has no synonyms.", "Write lines such as: big: large, huge")
    return found


def _from_json(path: Path, text: str) -> dict[str, list[str]]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise DataError(f"{path.name} is not JSON: {error}.", 'Write {"big": ["large", "huge"]}.') from None
    if not isinstance(value, dict) or not all(isinstance(words, list) for words in value.values()):
        raise DataError(f"{path.name} does not map words to lists of words.", 'Write {"big": ["large", "huge"]}.')
    return _known({str(word): [str(other) for other in words] for word, words in value.items()})


def _from_lines(path: Path, text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        line = line.replace("：", ":").replace("，", ",").replace("、", ",")
        head, colon, rest = line.partition(":")
        words = [word.strip() for word in (rest if colon else line).replace("\t", ",").split(",") if word.strip()]
        if not words or (not colon and len(words) < 2):
            raise DataError(
                f"{path.name}:{number}: {line.strip()[:60]!r} names no synonyms.", "Write: big: large, huge"
            )
        for word in [head.strip()] if colon else words:
            found.setdefault(word, []).extend(other for other in words if other != word)
    return _known(found)


def _known(found: dict[str, list[str]]) -> dict[str, list[str]]:
    return {
        word.strip().lower(): list(dict.fromkeys(others)) for word, others in found.items() if word.strip() and others
    }


def from_model(
    texts: Sequence[str], labels: Sequence[str], step: Synonyms, models: Any
) -> tuple[dict[str, list[str]], list[str]]:
    """Return (neighbours of the training rows' words, notes): by cosine, at least `step.least`, and of the same labels."""
    if models is None:
        raise DataError("Step augment-synonyms needs a worker for its model.", "Run it from %fm_data, or give a file.")
    company = _company(texts, labels)
    words = [
        word
        for word, rows in sorted(company.items(), key=lambda item: (-sum(item[1].values()), item[0]))
        if sum(rows.values()) >= LEAST_ROWS
    ][:WORDS]
    if len(words) < 2:
        return {}, ["The training rows have too few words that come back: no neighbours."]
    vectors = models.embed(step.model, words)
    near = vectors @ vectors.T
    found: dict[str, list[str]] = {}
    for n, word in enumerate(words):
        ranked = sorted(
            (m for m in range(len(words)) if m != n and near[n, m] >= step.least), key=lambda m: -near[n, m]
        )
        fits = [words[m] for m in ranked if _apart(company[word], company[words[m]]) <= APART]
        if fits:
            found[word] = fits[:TAKEN]
    said = ", ".join(f"{word} ~ {found[word][0]}" for word in list(found)[:8])
    return found, [
        f"{len(found):,} of {len(words):,} words have neighbours in {step.model}: {said or 'none'}. They need not mean the same: look at the preview."
    ]


def _company(texts: Sequence[str], labels: Sequence[str]) -> dict[str, Counter[str]]:
    """Return, for each word, how many rows of each label it stands in."""
    found: dict[str, Counter[str]] = {}
    for text, label in zip(texts, labels, strict=True):
        for word in {piece.lower() for piece in pieces(text)}:
            if len(word) >= LEAST_LETTERS and word.isalpha() and word not in GRAMMAR:
                found.setdefault(word, Counter())[label] += 1
    return found


def _apart(a: Counter[str], b: Counter[str]) -> float:
    """Return how far two words' labels lie apart, as total variation: 0 to 1."""
    total_a, total_b = sum(a.values()), sum(b.values())
    return 0.5 * sum(abs(a[label] / total_a - b[label] / total_b) for label in {*a, *b})
