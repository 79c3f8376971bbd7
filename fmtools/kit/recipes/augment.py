"""Steps that add training rows made from others. A copy names the row it was made from and never leaves its side.

Copies are made of training rows only, never of copies, and none is added that is equal to a text that is there: so no
copy can say what a held-out row says. `split` and the training itself keep copies out of what scores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ...core.errors import DataError, OptionError
from ...core.options.steps import (
    AUGMENTED_FROM,
    ROW_ID,
    Augment,
    BackTranslate,
    Mix,
    Noise,
    Synonyms,
    WordDrop,
    WordSwap,
)
from ..reading.arrays import array_of
from ..rows.split import text_key
from ..words.synonyms import from_file, from_model
from ..words.wording import Maker, drop_words, half, join, replace_words, slips, swap_words
from .divide import add_rows
from .recipe import Change, Work, pick

#: Texts that a model is asked about at once.
ASKED = 256


def word_drop(work: Work, step: WordDrop) -> None:
    """Add copies with words left out."""
    random = _random(step)
    _each(work, step, lambda text: drop_words(text, step.rate, random))


def word_swap(work: Work, step: WordSwap) -> None:
    """Add copies with words exchanged."""
    random = _random(step)
    _each(work, step, lambda text: swap_words(text, step.rate, random))


def noise(work: Work, step: Noise) -> None:
    """Add copies with typing errors."""
    random = _random(step)
    _each(work, step, lambda text: slips(text, step.rate, random))


def synonyms(work: Work, step: Synonyms) -> None:
    """Add copies with words replaced by synonyms from a file, or by neighbours in a model's embeddings."""
    if bool(step.file) == bool(step.model):
        raise OptionError(
            "Step augment-synonyms needs a file of synonyms, or a model for neighbours (one of them).",
            "For example: augment-synonyms file=synonyms.txt, where a line says `big: large, huge`.",
        )
    split = work.training
    texts, labels = work.texts(split, _column(work, step)), work.labels(split)
    if step.file:
        known = from_file(Path(step.file).expanduser())
    else:
        known, notes = from_model(texts, labels, step, work.models)
        work.outcome.notes += notes
    random = _random(step)
    _each(work, step, lambda text: replace_words(text, known, step.rate, random))


def mix(work: Work, step: Mix) -> None:
    """Add rows made of two different rows of a label."""
    work.label()
    split, column, places = _sources(work, step)
    texts, labels = work.texts(split, column), work.labels(split)
    random = _random(step)
    partners = {label: [n for n in places if labels[n] == label] for label in set(labels)}
    sources, others, made = [], [], []
    for n in [n for n in places if labels[n] for _ in range(step.times)]:
        rivals = [m for m in partners[labels[n]] if m != n]
        if rivals:
            other = rivals[int(random.integers(len(rivals)))]
            made.append(
                join(half(texts[n], False), half(texts[other], True)) if step.halves else join(texts[n], texts[other])
            )
            sources.append(n)
            others.append(other)
    _add(work, split, column, sources, made, others)


def back_translate(work: Work, step: BackTranslate) -> None:
    """Add copies translated there and back."""
    if work.models is None:
        raise DataError("Step augment-back-translate needs a worker for its models.", "Run it from %fm_data.")
    split, column, places = _sources(work, step)
    if step.times > 1:
        raise OptionError(
            "Step augment-back-translate: a model says the same each time; times is 1.", "Leave times out."
        )
    texts = work.texts(split, column)
    made: list[str] = []
    for start in range(0, len(places), ASKED):
        asked = [f"{step.prefix}{texts[n]}" for n in places[start : start + ASKED]]
        there = work.models.translate(step.model, asked)
        made += work.models.translate(step.back or step.model, [f"{step.back_prefix}{text}" for text in there])
    _add(work, split, column, places, made)


def _random(step: Augment) -> Any:
    import numpy as np

    return np.random.default_rng(step.seed or 0)


def _column(work: Work, step: Augment) -> str:
    """Return the column whose text is changed. Raises DataError for rows whose parts hang together."""
    name = work.column(step.column) if step.column else work.shape.text
    if name is None:
        raise DataError(f"Step {step.step}: no column can be the text.", "Name it: column=NAME.")
    if work.shape.kind in ("tokens", "messages", "question"):
        raise DataError(
            f"Step {step.step} changes plain texts; these rows are {work.shape.kind}, whose parts hang together.",
            "Augment a column of texts.",
        )
    return name


def _sources(work: Work, step: Augment) -> tuple[str, str, list[int]]:
    """Return (training split, column, places of the rows to copy): drawn by the step's seed, no copies among them."""
    column, split = _column(work, step), work.training
    if split not in ("train", "all"):
        raise DataError(f"Step {step.step}: there are no training rows, only {', '.join(work.splits)}.", "Split first.")
    if split == "all":
        work.outcome.notes.append(
            "These rows are not split yet; a later split keeps copies beside their rows, in training."
        )
    work.number_rows()
    copies = work.splits[split][AUGMENTED_FROM].to_pylist()
    texts, labels = work.texts(split, column), work.labels(split)
    _check_labels(step, labels)
    fits = [
        n
        for n, text in enumerate(texts)
        if copies[n] is None and text.strip() and (not step.only or labels[n] in step.only)
    ]
    drawn = _random(step).permutation(len(fits))[: max(1, round(step.share * len(fits)))]
    return split, column, sorted(fits[int(n)] for n in drawn)


def _check_labels(step: Augment, labels: Sequence[str]) -> None:
    known = sorted(set(labels))
    strange = next((label for label in step.only if label not in known), None)
    if strange is not None:
        raise DataError(
            f"Step {step.step}: no row has the label {strange!r}.",
            f"The labels are {', '.join(map(repr, known[:20]))}.",
        )


def _each(work: Work, step: Augment, make: Maker) -> None:
    split, column, places = _sources(work, step)
    texts = work.texts(split, column)
    sources = [n for n in places for _ in range(step.times)]
    _add(work, split, column, sources, [make(texts[n]) for n in sources])


def _add(work: Work, split: str, column: str, sources: list[int], made: list[str], others: Sequence[int] = ()) -> None:
    """Add the copies that say something new, each beside the number of its row (or two)."""
    import pyarrow as pa

    there = {text_key(text) for name in work.splits for text in work.texts(name, column)}
    chosen: list[int] = []
    for place, text in enumerate(made):
        key = text_key(text)
        if key and key not in there:
            there.add(key)
            chosen.append(place)
    if len(chosen) < len(made):
        work.outcome.notes.append(
            f"{len(made) - len(chosen):,} copies would have repeated a text that is there: not added."
        )
    table = work.splits[split]
    if not chosen:
        return
    rows = pick(table, [sources[place] for place in chosen])
    place = rows.column_names.index(column)
    kind = table.schema.field(column).type
    rows = rows.set_column(place, column, pa.chunked_array([array_of([made[n] for n in chosen]).cast(kind)]))
    for n in chosen[:20]:
        work.show(Change("added", split, str(table[column][sources[n]].as_py()), made[n]))
    ids = table[ROW_ID].to_pylist()
    add_rows(work, split, rows, [ids[sources[n]] for n in chosen], [ids[others[n]] for n in chosen] if others else ())


def _new(work: Work, column: str, made: list[str], originals: list[str]) -> list[int]:
    """Return the places of what is new among the texts made; say how many are not."""
    there = {text_key(text) for name in work.splits for text in work.texts(name, column)}
    chosen, same, known = [], 0, 0
    for place, text in enumerate(made):
        key = text_key(text)
        if not key or key == text_key(originals[place]):
            same += 1
        elif key in there:
            known += 1
        else:
            there.add(key)
            chosen.append(place)
    if same:
        work.outcome.notes.append(f"{same:,} rows had nothing to change.")
    if known:
        work.outcome.notes.append(f"{known:,} copies would have repeated a text that is there: not added.")
    return chosen


STEPS: dict[str, Callable[[Work, Any], None]] = {
    "augment-drop": word_drop,
    "augment-swap": word_swap,
    "augment-noise": noise,
    "augment-synonyms": synonyms,
    "augment-mix": mix,
    "augment-back-translate": back_translate,
}
