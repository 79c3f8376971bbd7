"""What a user can ask of sentence vectors: the vectors, how alike two texts are, and the nearest texts of a collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset
from ...core.errors import FmError
from ...core.options import PredictOptions
from ..rows.columns import guess_text_column

if TYPE_CHECKING:
    import pyarrow as pa

    from ..scoring.likeness import Encode


def inputs(options: PredictOptions, data: Dataset | None, meta: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was asked for as plain rows, by what was given.

    --text and --pair: {"text", "pair"}; one --text goes with every --pair. --text and --data: {"text"}, and the collection
    as "search" in the first row. --data with both columns of the run (or --pair-column): {"text", "pair"}. Else {"text"}.
    Raises FmError when there is nothing.
    """
    if options.pair:
        return _typed_pairs(options)
    if data is None:
        if not options.text:
            raise FmError("There is nothing to compare.", 'Give --text "a sentence", or --data FILE.')
        return [{"text": text} for text in options.text]
    if options.text:
        return _search(options, data, meta)
    return [row for table in data.splits.values() for row in _table_rows(table, options, meta)]


def _typed_pairs(options: PredictOptions) -> list[dict[str, Any]]:
    texts = options.text * len(options.pair) if len(options.text) == 1 else options.text
    if len(texts) != len(options.pair):
        raise FmError(
            f"There are {len(options.text)} --text and {len(options.pair)} --pair.",
            "Give one --pair for each --text, or one --text for all of them.",
        )
    return [{"text": text, "pair": pair} for text, pair in zip(texts, options.pair, strict=True)]


def _search(options: PredictOptions, data: Dataset, meta: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[str] = []
    for table in data.splits.values():
        own = next((name for name in (meta.get("positive"), meta.get("anchor")) if name in table.column_names), None)
        name = guess_text_column(table, options.text_column or own)[0]
        found += ["" if value is None else str(value) for value in table[name].to_pylist()]
    rows: list[dict[str, Any]] = [{"text": text} for text in options.text]
    rows[0]["search"] = found
    return rows


def _table_rows(table: pa.Table, options: PredictOptions, meta: dict[str, Any]) -> list[dict[str, Any]]:
    first = options.text_column or (meta["anchor"] if meta.get("anchor") in table.column_names else None)
    second = options.pair_column or (meta["positive"] if meta.get("positive") in table.column_names else None)
    first = guess_text_column(table, first)[0]
    if second is None or second == first or (options.text_column and not options.pair_column):
        return [{"text": _text(value)} for value in table[first].to_pylist()]
    second = guess_text_column(table, second)[0]
    columns = table[first].to_pylist(), table[second].to_pylist()
    return [{"text": _text(a), "pair": _text(b)} for a, b in zip(*columns, strict=True)]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def answers(encode: Encode, rows: list[dict[str, Any]], top: int) -> list[dict[str, Any]]:
    """Return one answer a row of `inputs`; cosines lie between -1 and 1, `row` counts the collection from 0."""
    texts = [row["text"] for row in rows]
    if "search" in rows[0]:
        return _nearest(encode, texts, rows[0]["search"], top)
    if "pair" in rows[0]:
        cosines = (encode(texts, True) * encode([row["pair"] for row in rows], True)).sum(-1)
        return [
            {"text": row["text"], "pair": row["pair"], "score": float(cosine)}
            for row, cosine in zip(rows, cosines, strict=True)
        ]
    vectors = encode(texts, True)
    return [
        {"text": text, "dimension": len(vector), "embedding": [float(x) for x in vector]}
        for text, vector in zip(texts, vectors, strict=True)
    ]


def _nearest(encode: Encode, texts: list[str], collection: list[str], top: int) -> list[dict[str, Any]]:
    import numpy as np

    likeness = encode(texts, True) @ encode(collection, False).T
    found = []
    for text, row in zip(texts, likeness, strict=True):
        best = np.argsort(-row, kind="stable")[:top]
        nearest = [{"text": collection[int(i)], "score": float(row[i]), "row": int(i)} for i in best]
        found.append({"text": text, "top": nearest})
    return found
