"""What every step of a data recipe is: a typed model that can be written as a line."""

from __future__ import annotations

import shlex
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

#: The columns that augmentation adds: a row's own number, and that of the row it was made from. Later steps respect them.
ROW_ID, AUGMENTED_FROM, AUGMENTED_WITH = "row_id", "augmented_from", "augmented_with"


def _listed(value: Any) -> Any:
    parts = value.split(",") if isinstance(value, str) else value
    return [str(part).strip() for part in parts if str(part).strip()] if isinstance(parts, list | tuple) else value


def _ranged(value: Any) -> Any:
    """Read `5..400`, `5..`, `..400` or `7` as (low, high)."""
    if not isinstance(value, str):
        return value
    low, dots, high = value.partition("..")
    try:
        ends = (int(low) if low.strip() else None, int(high) if high.strip() else None)
    except ValueError:
        raise ValueError("write a range such as 5..400, 5.. or ..400") from None
    found = ends if dots else (ends[0], ends[0])
    if found[0] is not None and found[1] is not None and found[0] > found[1]:
        raise ValueError("the range ends before it begins")
    return found


def _shared(value: Any) -> Any:
    if isinstance(value, str) and value.strip().endswith("%"):
        return float(value.strip()[:-1]) / 100
    return value


Names = Annotated[list[str], BeforeValidator(_listed)]
Range = Annotated[tuple[int | None, int | None], BeforeValidator(_ranged)]
Share = Annotated[float, BeforeValidator(_shared)]
Column = Annotated[str | None, Field(description="the column meant; the text column when not given")]
Seed = Annotated[int | None, Field(ge=0, le=2**32 - 1, description="same seed, same rows; the recipe's when not given")]


class Step(BaseModel):
    """One step. `takes`: the field that a bare word goes to. `free`: the field that takes every `a=b`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    step: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    example: ClassVar[str] = ""
    takes: ClassVar[str] = ""
    free: ClassVar[str] = ""

    def as_json(self) -> dict[str, Any]:
        """Return the step with all its values, as recipes are kept."""
        return {"step": self.step, **self.model_dump(mode="json", exclude_none=True)}

    def line(self) -> str:
        """Return the step as it is typed, defaults left out."""
        words = [self.step]
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value == field.get_default(call_default_factory=True):
                continue
            if name == self.free:
                words += [f"{a}={b}" for a, b in value.items()]
            else:
                words.append(written(value) if name == self.takes else f"{name.replace('_', '-')}={written(value)}")
        return shlex.join(words)


def written(value: Any) -> str:
    """Return a value as it is typed: 5..400, a,b, 3."""
    if isinstance(value, tuple):
        low, high = ("" if end is None else str(end) for end in value)
        return low if low == high else f"{low}..{high}"
    if isinstance(value, list):
        return ",".join(map(str, value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)
