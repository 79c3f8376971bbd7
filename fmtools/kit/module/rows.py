"""Batches for a user's module: numbers become tensors, lists are padded, texts are tokenised once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import Dataset

from ...core.errors import DataError
from .columns import FEATURES, LABEL, TOKEN_IDS, TOKEN_LENGTHS, TOKEN_MASK, Fit

if TYPE_CHECKING:
    import pyarrow as pa


class ModuleRows(Dataset[dict[str, Any]]):
    """Prepared rows with their tokens; `lengths` [rows] are tokens a row, None where nothing is tokenised."""

    def __init__(self, table: pa.Table, fit: Fit, tokenizer: Any, max_length: int) -> None:
        self.columns = {name: table[name].to_pylist() for name in table.column_names}
        self.size = table.num_rows
        self.ids: list[list[int]] | None = None
        if fit.text and tokenizer is not None and TOKEN_IDS in fit.arguments.values():
            self.ids = tokens(tokenizer, self.columns[fit.text], max_length)
        self.lengths = [len(ids) for ids in self.ids] if self.ids is not None else None

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> dict[str, Any]:
        row = {name: values[index] for name, values in self.columns.items()}
        return {**row, TOKEN_IDS: self.ids[index]} if self.ids is not None else row


def tokens(tokenizer: Any, texts: list[str], max_length: int) -> list[list[int]]:
    """Return the token numbers of each text: of a transformers tokenizer, or of any function from a text to numbers."""
    if hasattr(tokenizer, "convert_ids_to_tokens"):
        found: list[list[int]] = tokenizer(texts, truncation=True, max_length=max_length)["input_ids"]
        return [ids or [0] for ids in found]
    encode = getattr(tokenizer, "encode", tokenizer)
    rows = []
    for text in texts:
        ids = encode(text)
        ids = getattr(ids, "ids", ids)
        ids = ids.tolist() if hasattr(ids, "tolist") else list(ids)
        if not all(isinstance(number, int) for number in ids):
            raise DataError("The module's tokenizer gives no list of whole numbers.", "Let it return token numbers.")
        rows.append(ids[:max_length] or [0])
    return rows


#: What a batch holds besides forward's arguments: the label [rows] and the number of rows.
TRUTH, SIZE = "#truth", "#size"


class ModuleBatch:
    """Collate rows to the arguments of forward: {argument: tensor [rows, ...] or list of texts}, TRUTH and SIZE; the label
    is left out where the rows have none."""

    def __init__(self, fit: Fit, pad_id: int = 0) -> None:
        self.fit, self.pad_id = fit, pad_id

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        fit = self.fit
        known = fit.label in rows[0]
        asked = {name: source for name, source in fit.arguments.items() if source != LABEL or known}
        batch = {name: self._value(source, rows) for name, source in asked.items()}
        if known:
            truth = column(fit.label, [row[fit.label] for row in rows], fit.kinds[fit.label])
            batch |= {TRUTH: truth} if isinstance(truth, torch.Tensor) else {}
        return {**batch, SIZE: len(rows)}

    def _value(self, source: str, rows: list[dict[str, Any]]) -> Any:
        if source == FEATURES:
            return torch.tensor([[float(row[name]) for name in self.fit.features] for row in rows])
        if source in (TOKEN_IDS, TOKEN_MASK, TOKEN_LENGTHS):
            return _of_tokens(source, [row[TOKEN_IDS] for row in rows], self.pad_id)
        name = self.fit.label if source == LABEL else source
        return column(name, [row[name] for row in rows], self.fit.kinds[name])


def _of_tokens(source: str, ids: list[list[int]], pad_id: int) -> torch.Tensor:
    if source == TOKEN_LENGTHS:
        return torch.tensor([len(own) for own in ids])
    rows = [torch.tensor(own if source == TOKEN_IDS else [1] * len(own)) for own in ids]
    padding = pad_id if source == TOKEN_IDS else 0
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=padding)


def column(name: str, values: list[Any], kind: str) -> Any:
    """Return one column of a batch: int64 or float32 [rows], lists padded with 0 [rows, longest], texts as they are.

    Raises DataError for lists of lists that differ in shape.
    """
    if kind == "list":
        return _padded(name, values)
    if any(isinstance(value, str) for value in values):
        return values
    real = kind == "float" or any(isinstance(value, float) for value in values)
    return torch.tensor(values, dtype=torch.float32 if real else torch.int64)


def _padded(name: str, values: list[Any]) -> torch.Tensor:
    try:
        rows = [torch.tensor(value) for value in values]
    except (ValueError, TypeError):
        raise DataError(
            f"A list in column {name!r} has rows of different lengths.", "Make them equally long."
        ) from None
    dtype = torch.float32 if any(row.numel() and row.is_floating_point() for row in rows) else torch.int64
    rows = [row.to(dtype) for row in rows]
    if all(row.ndim == 1 for row in rows):
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    if len({row.shape for row in rows}) > 1:
        shapes = " and ".join(str(list(shape)) for shape in sorted({tuple(row.shape) for row in rows})[:2])
        raise DataError(f"The lists of lists in column {name!r} differ in shape: {shapes}.", "Make them alike.")
    return torch.stack(rows)
