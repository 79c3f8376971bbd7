"""What changed between two versions of data: rows added, removed, changed and moved, columns, labels.

Rows are matched by all their values first. What is left is matched by a key column, or, without one, by the letters of
their text, so that a row whose blanks, markup or label changed is a changed row and not two.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...core.contracts import Dataset
from ...core.errors import DataError
from ...core.options import nearest
from ...core.options.steps import ROW_ID
from ..rows.texts import Layout, batches, layout_of, speaker

#: Examples of each kind; columns that name rows; labels whose counts are compared.
EXAMPLES, KEYS, LABELS = 5, ("id", "uid", "uuid", "guid", "key", "row_id"), 50
_LETTERS, _TAGS = re.compile(r"[^\w]+"), re.compile(r"<[^>]*>|https?://\S+")


@dataclass(frozen=True)
class _Row:
    """Where a row stands, and what it is known by."""

    split: str
    place: int
    whole: int
    key: str


def compare(old: Dataset, new: Dataset, key: str | None = None) -> dict[str, Any]:
    """Return plain JSON: rows {old, new}, columns {added, removed}, added, removed, changed, moved, same (rows), splits,
    labels [{label, old, new}], key, examples {added, removed, changed}. Raises DataError for a key that is not there.
    """
    columns = [name for name in old.columns if name in new.columns]
    if not columns:
        raise DataError("The two versions have no column in common.", "Compare others.")
    key = _key(key, old, new)
    shapes = layout_of(old), layout_of(new)
    rows = list(_rows(old, columns, key, shapes[0])), list(_rows(new, columns, key, shapes[1]))
    same, moved, rest = _equal(*rows)
    pairs, gone, come = _matched(*rest)
    return {
        "rows": {"old": old.rows, "new": new.rows},
        "columns": {
            "added": [c for c in new.columns if c not in columns],
            "removed": [c for c in old.columns if c not in columns],
        },
        "same": same,
        "moved": moved,
        "changed": len(pairs),
        "removed": len(gone),
        "added": len(come),
        "key": key or "",
        "labels": _labels(old, new, shapes),
        "examples": {
            "changed": [_both(old, new, a, b, columns) for a, b in pairs[:EXAMPLES]],
            "removed": [_said(old, row, shapes[0]) for row in gone[:EXAMPLES]],
            "added": [_said(new, row, shapes[1]) for row in come[:EXAMPLES]],
        },
    }


def _key(wanted: str | None, old: Dataset, new: Dataset) -> str | None:
    """Return the column that names rows: the one asked for, or one that looks like it and is unique on both sides."""
    common = [name for name in old.columns if name in new.columns]
    if wanted is not None:
        if wanted in common:
            return wanted
        guess = nearest(wanted, common)
        raise DataError(
            f"The versions have no column {wanted!r} in common.",
            f"Did you mean {guess!r}?" if guess else f"They share {', '.join(common)}.",
        )
    likely = (name for name in common if name.lower() in KEYS or name == ROW_ID)
    return next((name for name in likely if _unique(old, name) and _unique(new, name)), None)


def _unique(data: Dataset, name: str) -> bool:
    values = [
        value for table in data.splits.values() if name in table.column_names for value in table[name].to_pylist()
    ]
    return None not in values and len(set(map(str, values))) == len(values)


def _rows(data: Dataset, columns: list[str], key: str | None, shape: Layout) -> Iterator[_Row]:
    say = speaker(shape)
    wanted = list(dict.fromkeys([*columns, *shape.columns]))
    for split, table in data.splits.items():
        place = 0
        for part in batches(table, wanted):
            for row in part:
                own = str(row.get(key)) if key else _letters(say(row))
                yield _Row(split, place, _whole(row, columns), own)
                place += 1


def _whole(row: dict[str, Any], columns: list[str]) -> int:
    text = json.dumps([row.get(name) for name in columns], ensure_ascii=False, default=str)
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little")


def _letters(text: str) -> str:
    """Return what stays of a text when its case, blanks, signs and markup change."""
    plain = _TAGS.sub(" ", html.unescape(text)) if "<" in text or "&" in text or "http" in text else text
    return _LETTERS.sub("", plain).casefold()


def _equal(old: list[_Row], new: list[_Row]) -> tuple[int, int, tuple[list[_Row], list[_Row]]]:
    """Return (rows that stayed, rows that only moved to another split, (old rows left over, new rows left over))."""
    waiting: dict[int, list[_Row]] = defaultdict(list)
    for row in reversed(old):
        waiting[row.whole].append(row)
    left, same, moved = [], 0, 0
    for row in new:
        rivals = waiting.get(row.whole)
        if not rivals:
            left.append(row)
            continue
        twin = next((one for one in reversed(rivals) if one.split == row.split), rivals[-1])
        rivals.remove(twin)
        same += twin.split == row.split
        moved += twin.split != row.split
    gone = sorted((row for rivals in waiting.values() for row in rivals), key=lambda row: (row.split, row.place))
    return same, moved, (gone, left)


def _matched(old: list[_Row], new: list[_Row]) -> tuple[list[tuple[_Row, _Row]], list[_Row], list[_Row]]:
    """Return (pairs that changed, old rows that went, new rows that came)."""
    waiting: dict[str, list[_Row]] = defaultdict(list)
    for row in reversed(old):
        waiting[row.key].append(row)
    pairs, come = [], []
    for row in new:
        if row.key and waiting.get(row.key):
            pairs.append((waiting[row.key].pop(), row))
        else:
            come.append(row)
    taken = {(a.split, a.place) for a, _ in pairs}
    return pairs, [row for row in old if (row.split, row.place) not in taken], come


def _labels(old: Dataset, new: Dataset, shapes: tuple[Layout, Layout]) -> list[dict[str, Any]]:
    counts = [_counted(data, shape) for data, shape in zip((old, new), shapes, strict=True)]
    names = [name for name, _ in (counts[0] + counts[1]).most_common(LABELS)]
    return [{"label": name, "old": counts[0][name], "new": counts[1][name]} for name in sorted(names)]


def _counted(data: Dataset, shape: Layout) -> Counter[str]:
    found: Counter[str] = Counter()
    if shape.label and shape.kind != "tokens":
        for table in data.splits.values():
            for rows in batches(table, [shape.label]):
                found.update(str(row[shape.label]) for row in rows if row.get(shape.label) is not None)
    return found


def _at(data: Dataset, row: _Row) -> dict[str, Any]:
    found: dict[str, Any] = data.splits[row.split].slice(row.place, 1).to_pylist()[0]
    return found


def _both(old: Dataset, new: Dataset, a: _Row, b: _Row, columns: list[str]) -> dict[str, Any]:
    before, after = _at(old, a), _at(new, b)
    names = [name for name in columns if before.get(name) != after.get(name)]
    return {"split": b.split, "columns": {name: [_cut(before.get(name)), _cut(after.get(name))] for name in names}}


def _said(data: Dataset, row: _Row, shape: Layout) -> dict[str, Any]:
    return {"split": row.split, "row": row.place, "text": _cut(speaker(shape)(_at(data, row)))}


def _cut(value: Any) -> str:
    text = "–" if value is None else str(value)
    return text if len(text) <= 300 else text[:299] + "…"
