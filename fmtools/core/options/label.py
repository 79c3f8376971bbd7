"""Options of `label`: see rows one by one, label and correct them, keep the result as a new version."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import field_validator

from ..errors import OptionError
from ..tasks import task_name
from .base import Hint, ReadsData, nearest, option

#: What can be labelled.
LABELLED = ("text-classification", "token-classification")
ADVANCED = Hint(group="advanced")


class LabelOptions(ReadsData):
    """Label and correct rows in the notebook."""

    verb: ClassVar[str] = "label"
    summary: ClassVar[str] = "Label and correct rows with keys, the likely wrong ones first; keep a new version."
    example: ClassVar[str] = "%fm_label shop --order suspects"

    data: Any = option(
        ...,
        "a stored name (NAME, NAME@v2), a file, a built-in name, or a notebook variable",
        hint=Hint(positional=True, complete="data", live=True),
    )
    order: Literal["suspects", "uncertain", "given", "unlabelled"] | None = option(
        None,
        "suspects: likely wrong labels first; uncertain: where the model wavers; unlabelled: rows without a label first; "
        "given: as they stand. Suspects when rows have labels, else given",
        hint=Hint(complete="choices"),
    )
    run: str | None = option(
        None, "a trained run whose answers are suggested: its id, its name, or `last`", hint=Hint(complete="runs")
    )
    task: str | None = option(
        None,
        "text-classification or token-classification; told by the columns when not given",
        hint=Hint(complete="tasks"),
    )
    labels: list[str] = option([], "labels or types of entities to offer beside those in the data, such as good,bad")
    name: str | None = option(
        None, "keep the result under this name; that of the data when not given", min_length=1, max_length=60
    )
    save: bool = option(False, "keep what was decided so far as a new version, and open nothing")
    split: str | None = option(None, "only the rows of this split", hint=ADVANCED)
    text_column: str | None = option(None, "the column with the text; guessed when not given", hint=ADVANCED)
    pair_column: str | None = option(None, "the column with the second text", hint=ADVANCED)
    label_column: str | None = option(
        None, "the column with the label, tags or spans; guessed when not given", hint=ADVANCED
    )
    model: str | None = option(
        None,
        "the frozen encoder that looks for wrong labels; minilm, or e5-small for other languages, when it is there",
        hint=Hint(group="advanced", complete="models"),
    )
    most: int = option(
        5_000, "rows the search for wrong labels looks at", ge=20, le=200_000, hint=Hint(group="advanced", unit="rows")
    )
    seed: int = option(42, "same seed = same order of suspects", ge=0, le=2**32 - 1, hint=ADVANCED)

    @field_validator("labels", mode="before")
    @classmethod
    def _divide(cls, value: Any) -> Any:
        parts = [value] if isinstance(value, str) else value
        return (
            list(dict.fromkeys(word.strip() for part in parts for word in str(part).split(",") if word.strip()))
            if isinstance(parts, list | tuple)
            else value
        )

    @field_validator("task")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is None or task_name(value) in LABELLED:
            return task_name(value) if value else None
        guess = nearest(value, list(LABELLED), 0.5)
        raise OptionError(
            f"--task {value!r} cannot be labelled here.",
            f"Did you mean {guess}?" if guess else f"It can be {' or '.join(LABELLED)}.",
        )
