"""Steps that choose rows and columns: drop-empty, drop-duplicates, drop-leaks, filter, rename, keep, drop."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from ...core.errors import DataError, OptionError
from ...core.options import nearest
from ...core.options.steps import Drop, DropDuplicates, DropEmpty, DropLeaks, Filter, Keep, Rename
from ..rows.texts import batches
from ..words.languages import UNKNOWN, code_of, language
from .neighbours import groups, key_of, shared
from .recipe import OWN, Work

#: A leak is taken from the split that stands later here: a test stays what it is.
_KEPT_FIRST = ("test", "validation")
_WORD = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\u3041-\u30ff]|[^\W\u3400-\u4dbf\u4e00-\u9fff\u3041-\u30ff]+")
_LETTER = re.compile(r"[^\W_]")


def drop_empty(work: Work, step: DropEmpty) -> None:
    """Drop rows without text, and those that lack a value in the columns named."""
    columns = [work.column(name) for name in step.columns]
    for split in list(work.splits):
        texts = work.texts(split)
        reasons = [_empty(text, step.letters) for text in texts]
        for name in columns:
            for place, value in enumerate(work.splits[split][name].to_pylist()):
                if reasons[place] is None and (value is None or value == [] or not str(value).strip()):
                    reasons[place] = f"no {name}"
        work.drop(split, reasons)


def _empty(text: str, letters: bool) -> str | None:
    if not text.strip():
        return "no text"
    return "no letter or digit" if letters and not _LETTER.search(text) else None


def drop_duplicates(work: Work, step: DropDuplicates) -> None:
    """Keep the first of equal, or similar, rows of each split."""
    for split in list(work.splits):
        texts = _compared(work, split, step.columns)
        rivals = groups(texts, step.near or 1.0)
        labels = work.labels(split)
        clashing = _clashing(texts, labels)
        reasons = [_repeats(texts, place, rival) for place, rival in enumerate(rivals)]
        if step.conflicts == "drop":
            reasons = [
                "equal texts with unlike labels" if key_of(text) in clashing else why
                for text, why in zip(texts, reasons, strict=True)
            ]
        elif clashing:
            work.outcome.notes.append(
                f"{split}: {len(clashing):,} texts stood under several labels; the first was kept."
            )
        work.drop(split, reasons)


def _compared(work: Work, split: str, columns: Sequence[str]) -> list[str]:
    if not columns:
        return work.texts(split)
    names = [work.column(name) for name in columns]
    rows = (row for part in batches(work.splits[split], names) for row in part)
    return [json.dumps([row[name] for name in names], ensure_ascii=False, default=str) for row in rows]


def _repeats(texts: Sequence[str], place: int, rival: int | None) -> str | None:
    if rival is None:
        return None
    return (
        "text repeats an earlier one" if key_of(texts[place]) == key_of(texts[rival]) else "text is like an earlier one"
    )


def _clashing(texts: Sequence[str], labels: Sequence[str]) -> set[int]:
    first: dict[int, str] = {}
    return {
        key for text, label in zip(texts, labels, strict=True) if label != first.setdefault(key := key_of(text), label)
    }


def drop_leaks(work: Work, step: DropLeaks) -> None:
    """Take texts that stand in two splits out of the one that trains; a test loses none."""
    order = sorted(
        work.splits, key=lambda name: (_KEPT_FIRST.index(name) if name in _KEPT_FIRST else 9, name == work.training)
    )
    if len(order) < 2:
        work.outcome.notes.append("There is one split only: nothing can leak.")
    for place, split in enumerate(order):
        texts = work.texts(split)
        reasons: list[str | None] = [None] * len(texts)
        for other in order[:place]:
            held = work.texts(other)
            for row, rival in enumerate(shared(texts, held, step.near)):
                if rival is not None and reasons[row] is None:
                    same = key_of(texts[row]) == key_of(held[rival])
                    reasons[row] = f"text stands in {other}, too" if same else f"text is like one in {other}"
        work.drop(split, reasons)


def filter_rows(work: Work, step: Filter) -> None:
    """Keep the rows that fit every condition (or, inverted, those that do not fit all)."""
    tests = _conditions(work, step)
    if not tests:
        raise OptionError("Step filter needs a condition.", f"For example: {step.example}")
    for split in list(work.splits):
        labels = work.labels(split)
        found = [
            next(filter(None, (test(*row) for test in tests)), None)
            for row in zip(work.texts(split, step.column), labels, strict=True)
        ]
        if step.invert:
            found = ["fits the filter" if why is None else None for why in found]
        work.drop(split, found)


def _conditions(work: Work, step: Filter) -> list[Callable[[str, str], str | None]]:
    """Return functions of (text, label) that give a reason to drop the row, or None."""
    tests: list[Callable[[str, str], str | None]] = []
    if step.length is not None:
        low, high = step.length
        tests.append(lambda text, _: _outside(len(text), low, high, "characters"))
    if step.words is not None:
        least, most = step.words
        tests.append(lambda text, _: _outside(len(_WORD.findall(text)), least, most, "words"))
    if step.regex is not None:
        pattern = _pattern(step.regex)
        tests.append(lambda text, _: None if pattern.search(text) else "does not match the pattern")
    if step.label:
        wanted = _known_labels(work, step.label)
        tests.append(lambda _, label: None if label in wanted else f"label {label or '(none)'}")
    if step.language:  # last: it costs most
        codes = {code_of(word) for word in step.language} | ({UNKNOWN} if step.unclear == "keep" else set())
        tests.append(lambda text, _: None if (found := language(text)) in codes else f"language {found}")
    return tests


def _outside(size: int, low: int | None, high: int | None, unit: str) -> str | None:
    if low is not None and size < low:
        return f"shorter than {low:,} {unit}"
    return f"longer than {high:,} {unit}" if high is not None and size > high else None


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise OptionError(
            f"Step filter: {text!r} is not a pattern: {error}.", "Put a backslash before signs."
        ) from None


def _known_labels(work: Work, wanted: Sequence[str]) -> set[str]:
    work.label()
    known = sorted({label for split in work.splits for label in work.labels(split)})
    for label in wanted:
        if label not in known:
            guess = nearest(label, known, 0.5)
            cure = f"Did you mean {guess!r}?" if guess else f"The labels are {', '.join(map(repr, known[:20]))}."
            raise DataError(f"Step filter: no row has the label {label!r}.", cure)
    return set(wanted)


def rename(work: Work, step: Rename) -> None:
    """Give columns other names."""
    names = {work.column(old): new for old, new in step.names.items()}
    for split, table in work.splits.items():
        after = [names.get(name, name) for name in table.column_names]
        twice = next((name for name in after if after.count(name) > 1), None)
        if twice is not None:
            raise DataError(
                f"Step rename: there would be two columns {twice!r}.", "Rename or drop the other one first."
            )
        work.splits[split] = table.rename_columns(after)


def keep(work: Work, step: Keep) -> None:
    """Keep the columns named, in that order, and those that augmentation needs."""
    names = [work.column(name) for name in step.columns]
    _choose(work, names)


def drop(work: Work, step: Drop) -> None:
    """Drop the columns named."""
    gone = {work.column(name) for name in step.columns}
    if gone & set(OWN):
        raise DataError(
            f"Step drop: {', '.join(sorted(gone & set(OWN)))} tells copies from their originals.", "Keep it."
        )
    _choose(work, [name for name in work.data.columns if name not in gone])


def _choose(work: Work, names: list[str]) -> None:
    if not [name for name in names if name not in OWN]:
        raise DataError(f"Step {work.outcome.step.step}: no column is left.", "Keep one at least.")
    for split, table in work.splits.items():
        own = [name for name in OWN if name in table.column_names and name not in names]
        work.splits[split] = table.select([*(name for name in names if name in table.column_names), *own])


STEPS: dict[str, Callable[[Work, Any], None]] = {
    "drop-empty": drop_empty,
    "drop-duplicates": drop_duplicates,
    "drop-leaks": drop_leaks,
    "filter": filter_rows,
    "rename": rename,
    "keep": keep,
    "drop": drop,
}
