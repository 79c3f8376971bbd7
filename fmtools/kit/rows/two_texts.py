"""Rows of a source and a target text, fit for a task: empty rows, what is held out, and what scores need to know.

Light: the kernel imports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset, Prepared
from ...core.errors import DataError, FmError
from ...core.options import PredictOptions, TrainOptions
from ..words.segments import script_of
from .split import stratified_split, text_key
from .two_columns import SOURCES, Names, best, flattened, given, guess, listed, text_columns

if TYPE_CHECKING:
    import pyarrow as pa

TRAINING = ("train", "all")
#: Sources whose written texts are scored while training; characters up to which a reference is short.
SCORED, SHORT = 64, 40
Pairs = list[tuple[str, str]]


def prepare(data: Dataset, options: TrainOptions, shorter_target: bool = False) -> Prepared:
    """Make splits "train" and "validation" (and "test" where there is one) with the columns source and target (texts).

    Rows without one of the two are left out and counted; the same source never stands on both sides of the split.
    Raises DataError for unknown columns and when nothing can be held out.
    """
    first = next(name for name in (*TRAINING, *data.splits) if name in data.splits)
    names = guess(flattened(data.splits[first]), options.text_column, options.label_column, shorter_target)
    notices = list(names.notices)
    rows = {split: _rows(table, split, names, notices) for split, table in data.splits.items()}
    train = rows.pop(first)
    if not train:
        raise DataError("No row has both a source and a target text.", listed(data.splits[first]))
    if not rows.get("validation"):
        rows.pop("validation", None)
        train, rows["validation"] = _hold_out(train, options, notices)
    notices += _leaks(train, rows)
    if len(rows["validation"]) > SCORED:
        notices.append(
            f"While training, {SCORED} of the {len(rows['validation']):,} validation rows are written out and scored; "
            "the loss is that of all of them, and the final scores are those of every row."
        )
    tables = {"train": _table(train), **{split: _table(found) for split, found in rows.items() if found}}
    return Prepared(tables, _meta(names, train), notices)


def _meta(names: Names, train: Pairs) -> dict[str, Any]:
    """Return what scores and predictions need to know: columns, languages, and how the targets are written."""
    lengths = sorted(len(target) for _, target in train)
    return {
        "text_column": names.source,
        "label_column": names.target,
        "languages": names.languages,
        "script": script_of(target for _, target in train),
        "short": lengths[len(lengths) // 2] <= SHORT,
    }


def align(data: Dataset, meta: dict[str, Any], shorter_target: bool = False) -> Prepared:
    """Give other data the columns source and target, named as in the training or guessed anew. Raises DataError."""
    splits = {split: flattened(table) for split, table in data.splits.items()}
    table = next(iter(splits.values()))
    source, target = (meta[k] if meta[k] in table.column_names else None for k in ("text_column", "label_column"))
    names = guess(table, source, target, shorter_target)
    notices = list(names.notices)
    rows = {split: _rows(table, split, names, notices) for split, table in splits.items()}
    if not any(rows.values()):
        raise DataError("No row has both a source and a target text.", listed(table))
    return Prepared({split: _table(found) for split, found in rows.items() if found}, meta, notices)


def inputs(options: PredictOptions, data: Dataset | None, meta: dict[str, Any]) -> list[dict[str, Any]]:
    """Return {"text": source} for every typed text and every row; a missing text is an empty one. Raises FmError."""
    found = [{"text": text} for text in options.text]
    for table in map(flattened, data.splits.values()) if data is not None else ():
        texts = text_columns(table)
        if not texts:
            raise DataError("The data have no column of texts.", listed(table))
        usual = meta["text_column"] if meta["text_column"] in texts else best(texts, SOURCES) or texts[0]
        column = given(table, texts, options.text_column) or usual
        found += [{"text": value or ""} for value in table[column].to_pylist()]
    if not found:
        raise FmError("There is nothing to write from.", 'Give --text "a sentence" or --data FILE.')
    return found


def _rows(table: pa.Table, split: str, names: Names, notices: list[str]) -> Pairs:
    """Return the pairs of a split; what was left out is added to the notices."""
    table = flattened(table)
    missing = next((name for name in (names.source, names.target) if name not in table.column_names), None)
    if missing is not None:
        raise DataError(f"The {split} rows have no column {missing!r}.", listed(table))
    pairs = zip(table[names.source].to_pylist(), table[names.target].to_pylist(), strict=True)
    found = [(source, target) for source, target in pairs if (source or "").strip() and (target or "").strip()]
    lost, where = table.num_rows - len(found), "" if split == "all" else f"{split} "
    if lost:
        some = f"1 {where}row" if lost == 1 else f"{lost:,} {where}rows"
        notices.append(f"{some} without source or target {'was' if lost == 1 else 'were'} left out.")
    return found


def _hold_out(rows: Pairs, options: TrainOptions, notices: list[str]) -> tuple[Pairs, Pairs]:
    sources = [source for source, _ in rows]
    train, held, _ = stratified_split(sources, [""] * len(rows), options.validation, options.seed)
    if not len(held):
        raise DataError("All rows have the same source, so nothing can be held out for validation.", "Add rows.")
    notices.append(f"{len(held):,} of {len(rows):,} rows were held out for validation, no source on both sides.")
    return [rows[int(i)] for i in train], [rows[int(i)] for i in held]


def _leaks(train: Pairs, others: dict[str, Pairs]) -> list[str]:
    known = {text_key(source) for source, _ in train}
    counts = {split: sum(text_key(source) in known for source, _ in rows) for split, rows in others.items()}
    return [
        f"{n:,} {split} sources also stand in the training rows: scores on them flatter."
        for split, n in counts.items()
        if n
    ]


def _table(rows: Pairs) -> pa.Table:
    import pyarrow as pa

    from ..reading.arrays import array_of

    columns = [array_of([row[place] for row in rows]).cast(pa.string()) for place in (0, 1)]
    return pa.Table.from_arrays(columns, ["source", "target"])
