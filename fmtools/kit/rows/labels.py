"""Labels before training: no gaps, more than one class, and no class that is only a misspelling of another.

A misspelt label is a class of its own to a model: it costs accuracy and shows up in every report. But many good label
sets hold near-twins (HassLightSet / HassLightGet, related / unrelated), so two rules only:
variants - labels that differ in case, spaces or width of characters only;
misspellings - a label of a few rows, one or two letters away from one with many times more.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import Any

from ...core.errors import DataError

#: A misspelling has fewer rows than this and a smaller share than that; the right spelling so many times more.
RARE_ROWS, RARE_SHARE, TIMES = 10, 0.01, 20
#: Shorter labels differ by a letter on purpose.
MIN_LENGTH = 5
#: Fewer rows with a label than this cannot be split and learnt from.
MIN_ROWS = 8
#: Prefixes that turn a label into its opposite or its kin.
PREFIXES = ("un", "in", "im", "ir", "il", "re", "de", "a", "b", "i", "e", "o", "s")
MISSING = "row without a label"


def label_text(value: Any) -> str | None:
    """Return a label as text: stripped, 1.0 as "1", True as "true"; None for what is missing (null, NaN, blank)."""
    if value is None or value != value:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip() or None


def check_labels(values: Iterable[Any], as_they_are: bool = False) -> tuple[list[str], dict[str, int], list[str]]:
    """Return (labels sorted, {reason: rows to drop}, notices) for a column of labels.

    Rows whose `label_text` is None are the ones to drop. `as_they_are` skips the spelling rules.
    Raises DataError for fewer than MIN_ROWS rows, for one class, and for labels that look misspelt.
    """
    raw = _raw_counts(values)
    counts: Counter[str] = Counter()
    missing = 0
    for value, count in raw.items():
        text = label_text(value)
        if text is None:
            missing += count
        else:
            counts[text] += count
    _enough(counts, missing)
    if not as_they_are:
        _no_variants({value: count for value, count in raw.items() if label_text(value)})
        _no_misspellings(counts)
    dropped = {MISSING: missing} if missing else {}
    notices = [f"{missing:,} of {missing + counts.total():,} rows have no label: dropped."] if missing else []
    return sorted(counts, key=natural), dropped, notices + _lonely(counts)


def _raw_counts(values: Iterable[Any]) -> Counter[str | None]:
    """Count labels as they stand in the data: texts with their spaces, everything else as text."""
    counts: Counter[str | None] = Counter()
    for value in values:
        if isinstance(value, list | dict):
            raise DataError(
                "The label column holds lists or objects, not one label a row.", "Choose another: --label-column NAME."
            )
        counts[value if isinstance(value, str) else label_text(value)] += 1
    return counts


def natural(label: str) -> list[tuple[int, int, str]]:
    """Return a sort key that puts 2 before 10."""
    parts = re.split(r"(\d+)", label)
    return [(0, int(part[:18]), "") if part.isdecimal() and part.isascii() else (1, 0, part) for part in parts if part]


def _enough(counts: Counter[str], missing: int) -> None:
    rows = counts.total()
    if len(counts) == 1 and rows:
        raise DataError(
            f"All {rows:,} rows have the same label, {next(iter(counts))!r}.", "Training needs two classes or more."
        )
    if rows < MIN_ROWS:
        gaps = f" ({missing:,} more have none)" if missing else ""
        raise DataError(f"Only {rows} rows have a label{gaps}; at least {MIN_ROWS} are needed.", "Add rows.")
    if len(counts) > 2 and len(counts) == rows:
        raise DataError(
            f"Each of the {rows:,} rows has a label of its own.", "Choose another label column: --label-column NAME."
        )


def _lonely(counts: Counter[str]) -> list[str]:
    lonely = sorted(label for label, count in counts.items() if count < 2)
    if not lonely:
        return []
    names = ", ".join(map(repr, lonely[:5])) + (" ..." if len(lonely) > 5 else "")
    return [f"{len(lonely)} of {len(counts)} classes have a single row, which stays in training: {names}."]


def folded(label: str) -> str:
    """Return what is left of a label without case, width, invisible characters and kinds of space between words."""
    wide = unicodedata.normalize("NFKC", label).casefold()
    return " ".join("".join(" " if c.isspace() else c for c in wide if unicodedata.category(c) != "Cf").split())


def _no_variants(raw: dict[Any, int]) -> None:
    groups: dict[str, dict[Any, int]] = {}
    for value, count in raw.items():
        groups.setdefault(folded(str(value)), {})[value] = count
    twins = [group for group in groups.values() if len(group) > 1]
    if twins:
        said = "; ".join(_counted(group) for group in twins[:3]) + (
            f"; and {len(twins) - 3} more" if len(twins) > 3 else ""
        )
        raise DataError(
            f"Labels differ only in case, spaces or width of characters: {said}.",
            "Give each class one spelling (df['label'].str.strip().str.lower()); --labels-as-they-are keeps all.",
        )


def _counted(group: dict[Any, int]) -> str:
    ordered = sorted(group.items(), key=lambda item: -item[1])
    return " and ".join(f"{value!r} ({count:,} rows)" for value, count in ordered)


def _no_misspellings(counts: Counter[str]) -> None:
    found = misspellings(counts)
    if found:
        said = "; ".join(f"{rare!r} ({counts[rare]:,}) for {right!r} ({counts[right]:,})" for rare, right in found[:3])
        more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
        raise DataError(
            f"Labels of a few rows look like misspellings: {said}{more}.",
            "Correct them in the data; if they are classes of their own, --labels-as-they-are keeps them.",
        )


def misspellings(counts: Counter[str]) -> list[tuple[str, str]]:
    """Return (rare label, frequent label that it is probably meant to be) pairs."""
    total = counts.total()
    rare = [
        c for c, n in counts.items() if n < RARE_ROWS and n < max(RARE_SHARE * total, 2) and len(c) >= MIN_LENGTH - 1
    ]
    frequent = [c for c, n in counts.items() if n >= TIMES and len(c) >= MIN_LENGTH]
    pairs = []
    for label in rare:
        right = next((f for f in frequent if counts[f] >= TIMES * counts[label] and is_misspelling(label, f)), None)
        if right is not None:
            pairs.append((label, right))
    return pairs


def is_misspelling(label: str, right: str) -> bool:
    """Say whether `label` can be a slip of the finger for `right`: same digits and capitals, one or two letters off."""
    a, b = label.casefold(), right.casefold()
    limit = 1 if len(b) < 9 else 2
    if abs(len(a) - len(b)) > limit or re.findall(r"[\d\W_]+", a) != re.findall(r"[\d\W_]+", b):
        return False
    if (
        any(a == prefix + b or b == prefix + a for prefix in PREFIXES)
        or a in (b + "s", b + "d")
        or b in (a + "s", a + "d")
    ):
        return False
    if a[0] != b[0] and a[1:] != b[1:] and sorted(a[:2]) != sorted(b[:2]):
        return False
    return 0 < distance(a, b, limit) <= limit and not _whole_word(label, right)


def _whole_word(label: str, right: str) -> bool:
    """Say whether the labels differ in a whole word (Get / Set of HassLightGet): then both are meant."""
    words = [re.findall(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+|\d+", text) for text in (label, right)]
    if len(words[0]) != len(words[1]) or len(words[0]) < 2:
        return len(words[0]) != len(words[1])
    changed = [(x, y) for x, y in zip(*words, strict=True) if x != y]
    return all(max(len(x), len(y)) < MIN_LENGTH for x, y in changed)


def distance(a: str, b: str, limit: int) -> int:
    """Return the edits between two texts (insert, delete, replace, swap), or limit + 1 when there are more."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        new = [i]
        for j, y in enumerate(b, 1):
            cost = min(row[j] + 1, new[j - 1] + 1, row[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            new.append(cost)
        if min(new) > limit:
            return limit + 1
        before, row = row, new
    return row[-1]
