"""Copies made by augmentation, at the door of a training: none of them ever scores, and no task sees their columns."""

from __future__ import annotations

from dataclasses import replace

from ...core.contracts import Dataset
from ...core.options.steps import AUGMENTED_FROM
from .recipe import OWN, run


def fit_to_train(data: Dataset, validation: float, seed: int) -> Dataset:
    """Return data without the columns of augmentation; validation rows are held out here when there are copies.

    `validation`: the share of the rows to hold out when the data have no such split. A task would hold out any row; here
    the copies of what is held out go, and no copy is held out. Data without copies come back as they are.
    """
    if not any(name in data.columns for name in OWN):
        return data
    if AUGMENTED_FROM in data.columns and "validation" not in data.splits and validation:
        data, _, outcomes = run(data, [{"step": "split", "validation": validation}], seed)
        said = [f"{count:,} rows left out: {why}." for why, count in outcomes[0].removed.items()]
        held = data.splits["validation"].num_rows
        data = replace(
            data, notices=[*data.notices, f"{held:,} rows were held out for validation, no copies among them.", *said]
        )
    splits = {
        split: table.drop_columns([name for name in OWN if name in table.column_names])
        for split, table in data.splits.items()
    }
    return replace(data, splits=splits)
