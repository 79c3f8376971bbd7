"""What is in data, before anyone trains on them: rows, lengths, labels, languages, duplicates, leaks, odd rows.

Counts of rows and labels are of everything. What needs each text is taken from at most LIMIT rows, spread evenly, and
the card says so; memory stays bounded however large the tables are.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset
from ..rows.labels import label_text, natural
from ..rows.texts import Layout, batches, layout_of, texts_of
from ..words.languages import language
from .neighbours import groups, key_of, shared
from .odd import survey, tag_counts
from .recipe import pick

if TYPE_CHECKING:
    import pyarrow as pa

#: Rows whose texts are looked at; of these, rows compared with each other; and rows whose language is found out.
LIMIT, COMPARED, SPOKEN = 200_000, 20_000, 3_000
#: Likeness from which texts count as near-duplicates.
NEAR = 0.9
#: Labels named in a balance; characters of an example; bars of a histogram.
SHOWN_LABELS, SHOWN_CHARACTERS, BARS = 200, 300, 24
QUANTILES = {"shortest": 0.0, "median": 0.5, "p95": 0.95, "longest": 1.0}


def describe(data: Dataset, rows: int = 5) -> dict[str, Any]:
    """Return plain JSON about a data set for a card.

    Keys: name, version, origin, licence, notices, read, dropped, drops (the first 20), rows {split: count}, columns [{name, type,
    missing}], kind, text_column, label_column (None when nothing fits), text_length {shortest, median, p95, longest} and
    lengths {edges, counts {split: [...]}} in characters, labels [{label, rows {split: count}}], tags, entities, roles,
    languages [{language, rows}], duplicates {within, between_splits, near}, leaks [{split, with, equal, near, examples}],
    odd [{what, rows, examples}], sampled {what: [looked at, of]}, examples [{column: text}].
    """
    shape = layout_of(data)
    seen = {
        name: _spread(table, LIMIT * table.num_rows // max(LIMIT, _total(data))) for name, table in data.splits.items()
    }
    texts = {name: list(texts_of(table, shape)) if shape.columns else [] for name, table in seen.items()}
    return {
        "name": data.name,
        "version": data.version,
        "origin": data.origin,
        "licence": data.licence,
        "notices": [*data.notices, *shape.notices],
        "read": data.read,
        "dropped": data.dropped,
        "drops": [vars(drop) for drop in data.drops[:20]],
        "rows": data.rows,
        "columns": _columns(data),
        "kind": shape.kind,
        "text_column": shape.text,
        "label_column": shape.label if shape.kind != "tokens" else None,
        "examples": examples(data, rows),
        "text_length": _lengths(texts),
        "lengths": _histogram(texts),
        "labels": _balance(data, shape),
        **_inside(seen, shape),
        **_compared(texts),
        "odd": _odd(texts),
        **_spoken(texts),
        "sampled": _sampled(data, texts),
    }


def examples(data: Dataset, rows: int) -> list[dict[str, str | None]]:
    """Return the first rows of the first split, long values cut."""
    return [_short(row) for row in next(iter(data.splits.values())).slice(0, rows).to_pylist()]


def _total(data: Dataset) -> int:
    return sum(data.rows.values())


def _spread(table: pa.Table, count: int) -> pa.Table:
    """Return at most `count` rows, spread evenly over a table."""
    if table.num_rows <= count:
        return table
    return pick(table, [n * table.num_rows // count for n in range(count)])


def _thin(texts: dict[str, list[str]], limit: int) -> dict[str, list[str]]:
    total = sum(map(len, texts.values()))
    if total <= limit:
        return texts
    counts = {name: max(1, limit * len(values) // total) if values else 0 for name, values in texts.items()}
    return {
        name: [values[n * len(values) // counts[name]] for n in range(counts[name])] for name, values in texts.items()
    }


def _sampled(data: Dataset, texts: dict[str, list[str]]) -> dict[str, list[int]]:
    """Say what was looked at in a part of the rows only: {what: [rows looked at, rows there are]}."""
    total, seen = _total(data), sum(map(len, texts.values()))
    found = {"lengths, duplicates, odd rows": [seen, total]} if 0 < seen < total else {}
    for what, limit in (("near-duplicates", COMPARED), ("languages", SPOKEN)):
        looked = sum(map(len, _thin(texts, limit).values()))
        found |= {what: [looked, total]} if looked < seen else {}
    return found


def _columns(data: Dataset) -> list[dict[str, Any]]:
    first = next(iter(data.splits.values()))
    found = []
    for field in first.schema:
        parts = [table[field.name] for table in data.splits.values() if field.name in table.column_names]
        found.append({"name": field.name, "type": str(field.type), "missing": sum(part.null_count for part in parts)})
    return found


def _lengths(texts: dict[str, list[str]]) -> dict[str, int]:
    lengths = sorted(len(text) for values in texts.values() for text in values if text)
    return {name: lengths[round(share * (len(lengths) - 1))] for name, share in QUANTILES.items()} if lengths else {}


def _histogram(texts: dict[str, list[str]]) -> dict[str, Any]:
    """Return {edges [bars + 1], counts {split: [bars]}}; the last bar takes what is longer than 99 of 100 texts."""
    lengths = sorted(len(text) for values in texts.values() for text in values)
    if not lengths:
        return {}
    top = max(1, lengths[round(0.99 * (len(lengths) - 1))])
    width = max(1, -(-(top + 1) // BARS))
    bars = top // width + 1
    counts = {name: [0] * bars for name in texts}
    for name, values in texts.items():
        for text in values:
            counts[name][min(bars - 1, len(text) // width)] += 1
    return {"edges": [n * width for n in range(bars)] + [max(lengths[-1], bars * width)], "counts": counts}


def _balance(data: Dataset, shape: Layout) -> list[dict[str, Any]]:
    """Return rows a label and split, the most frequent labels first where there are too many to show."""
    if shape.label is None or shape.kind == "tokens":
        return []
    counts = {split: _counted(table, shape.label) for split, table in data.splits.items()}
    total: Counter[str] = sum(counts.values(), Counter())
    shown = sorted((name for name, _ in total.most_common(SHOWN_LABELS)), key=natural)
    return [{"label": name, "rows": {split: counts[split][name] for split in counts}} for name in shown]


def _counted(table: pa.Table, column: str) -> Counter[str]:
    """Return rows by label; Arrow counts plain values, lists of labels are counted here."""
    import pyarrow as pa

    found: Counter[str] = Counter()
    if column not in table.column_names:
        return found
    if pa.types.is_nested(table.schema.field(column).type):
        for rows in batches(table, [column]):
            found.update(_label(row[column]) for row in rows)
        return found
    for entry in table[column].value_counts().to_pylist():
        found[_label(entry["values"])] += entry["counts"]
    return found


def _label(value: Any) -> str:
    return (", ".join(map(str, value)) if isinstance(value, list) else label_text(value)) or "(none)"


def _inside(seen: dict[str, pa.Table], shape: Layout) -> dict[str, Any]:
    """Return what rows with an inner order hold: tags and entities, or the roles of messages."""
    if shape.kind == "tokens" and shape.label:
        tags, entities = tag_counts(
            row.get(shape.label) for table in seen.values() for rows in batches(table, [shape.label]) for row in rows
        )
        return {"tags": tags, "entities": entities}
    if shape.kind == "messages":
        column = str(shape.text)
        turns = [
            message
            for table in seen.values()
            for rows in batches(table, [column])
            for row in rows
            for message in row[column] or ()
        ]
        roles = Counter(str(turn.get("role", turn.get("from", "?"))) for turn in turns if isinstance(turn, dict))
        return {"roles": dict(roles.most_common())}
    return {}


def _compared(texts: dict[str, list[str]]) -> dict[str, Any]:
    """Return duplicates within splits, and what stands in two splits."""
    keys = {name: [key_of(text) for text in values if text.strip()] for name, values in texts.items()}
    seen: set[int] = set()
    between = 0
    for values in keys.values():
        between += sum(key in seen for key in values)
        seen |= set(values)
    few = {name: [text for text in values if text.strip()] for name, values in _thin(texts, COMPARED).items()}
    rivals = {name: groups(values, NEAR) for name, values in few.items()}
    near = sum(_unequal(few[name], few[name], found) for name, found in rivals.items())
    within = sum(len(values) - len(set(values)) for values in keys.values())
    return {"duplicates": {"within": within, "between_splits": between, "near": near}, "leaks": _leaks(few, keys)}


def _unequal(texts: list[str], others: list[str], rivals: list[int | None]) -> int:
    return sum(rival is not None and key_of(texts[n]) != key_of(others[rival]) for n, rival in enumerate(rivals))


def _leaks(texts: dict[str, list[str]], keys: dict[str, list[int]]) -> list[dict[str, Any]]:
    """Return, for each two splits, the rows of the later one that stand in the earlier one, too, or nearly."""
    found = []
    names = list(texts)
    for place, split in enumerate(names):
        for other in names[:place]:
            known = set(keys[other])
            rivals = shared(texts[split], texts[other], NEAR)
            pairs = [[texts[split][n], texts[other][m]] for n, m in enumerate(rivals) if m is not None]
            equal = sum(key in known for key in keys[split])
            near = _unequal(texts[split], texts[other], rivals)
            if equal or near:
                shown = [[_cut(a), _cut(b)] for a, b in pairs[:3]]
                found.append({"split": split, "with": other, "equal": equal, "near": near, "examples": shown})
    return found


def _odd(texts: dict[str, list[str]]) -> list[dict[str, Any]]:
    lengths = _lengths(texts)
    rows = ((split, row, text) for split, values in texts.items() for row, text in enumerate(values))
    return [
        {
            "what": odd.what,
            "rows": odd.rows,
            "examples": [{"split": s, "row": n, "text": t} for s, n, t in odd.examples],
        }
        for odd in survey(rows, lengths.get("p95", 0))
    ]


def _spoken(texts: dict[str, list[str]]) -> dict[str, Any]:
    counts = Counter(language(text) for values in _thin(texts, SPOKEN).values() for text in values if text.strip())
    return {"languages": [{"language": name, "rows": count} for name, count in counts.most_common()]}


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def _short(row: dict[str, Any]) -> dict[str, str | None]:
    return {name: None if value is None else _cut(str(value)) for name, value in row.items()}
