"""Steps that choose rows and divide them among splits."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Seed, Share, Step


class Balance(Step):
    """As many rows of each label."""

    step = "balance"
    summary = "as many training rows of each label: fewer of the frequent ones, or copies of the rare ones"
    example = "balance how=down"
    takes = "how"
    how: Literal["down", "up"] = Field(
        "down", description="down: drop rows of frequent labels; up: copy rows of rare ones"
    )
    to: int | None = Field(
        None, ge=1, description="rows a label; the rarest's (down) or the most frequent's (up) if not given"
    )
    by: str | None = Field(None, description="the column to balance; the label column when not given")
    seed: Seed = None


class Sample(Step):
    """Fewer rows."""

    step = "sample"
    summary = "draw rows at random: a number, or a share such as 10%; each label and split in proportion"
    example = "sample 1000"
    takes = "rows"
    rows: Share = Field(..., gt=0, description="a number of rows, or a share below 1")
    by: str | None = Field(
        None, description="keep this column's shares; the label's when not given; `none` for plain chance"
    )
    split: str | None = Field(None, description="only this split")
    seed: Seed = None


class Split(Step):
    """Training, validation and test rows."""

    step = "split"
    summary = "divide the training rows: never the same text on both sides; by label, by group or by time"
    example = "split test=0.1 validation=0.1 by=label"
    test: Share = Field(0.0, ge=0, lt=1, description="share of the rows for the test")
    validation: Share = Field(0.0, ge=0, lt=1, description="share of the rows for validation")
    by: str | None = Field(
        None, description="keep this column's shares on every side; the label's when not given; `none`"
    )
    group: str | None = Field(None, description="rows equal in this column stay on one side")
    time: str | None = Field(None, description="the newest rows by this column go to the test")
    again: bool = Field(False, description="put all rows together first, if there are splits")
    seed: Seed = None
