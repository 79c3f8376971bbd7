"""What a form shows for each option: which kind of entry, its label, help, unit, choices, and where a slider reaches.

Pure description: widgets are made of it in a notebook, anything else could be. All of it comes from the options models.
"""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass
from typing import Literal

from pydantic.fields import FieldInfo

from fmtools.core.options import Options, hint_of

from .fields import bare_type, choices, is_bool, is_list
from .help import facts

Kind = Literal["check", "choice", "combo", "list", "number", "tags", "task", "text"]
#: Titles of the groups of options, by the class that declares them; others go by their class's name.
SECTIONS = {
    "_What": "Data and model",
    "_Where": "Where it runs",
    "TrainOptions": "Texts and run",
    "ReadsData": "Reading files",
}
#: How far a logarithmic slider reaches to both sides of the default.
REACH, WHOLE_REACH = 100.0, 32.0
#: What completes an option's value from an open list.
OPEN = ("data", "models", "runs", "formats")


@dataclass(frozen=True)
class Slider:
    """Where a slider reaches, ends included. `log`: low and high are values, their logarithms are what moves evenly."""

    low: float
    high: float
    step: float
    log: bool = False


@dataclass(frozen=True)
class Control:
    """One option as a form shows it. `words` are the choices; `tasks` those it is for (empty = all)."""

    name: str
    kind: Kind
    label: str
    help: str
    facts: str
    group: str
    section: str
    unit: str = ""
    words: tuple[str, ...] = ()
    complete: str = ""
    tasks: tuple[str, ...] = ()
    whole: bool = False
    slider: Slider | None = None


def controls(cls: type[Options]) -> list[Control]:
    """Return every option of a verb as a form shows it, in the order of the help."""
    return [_control(cls, name, field) for name, field in cls.model_fields.items()]


def _control(cls: type[Options], name: str, field: FieldInfo) -> Control:
    hint, whole = hint_of(field), bare_type(field) is int
    yes_no = ("yes", "no") if is_bool(field) else ()
    return Control(
        name=name,
        kind=kind_of(field),
        label=name.strip("_").replace("_", " "),
        help=field.description or "",
        facts=facts(field),
        group=hint.group,
        section=section_of(cls, name),
        unit=hint.unit,
        words=tuple(choices(field)) or yes_no,
        complete=hint.complete,
        tasks=hint.tasks,
        whole=whole,
        slider=slider_of(field) if bare_type(field) in (int, float) else None,
    )


def kind_of(field: FieldInfo) -> Kind:
    """Return the kind of entry that fits a field's type and hint."""
    complete = hint_of(field).complete
    if is_bool(field):
        return "check" if isinstance(field.default, bool) else "choice"
    if is_list(field):
        return "tags" if complete == "followers" else "list"
    if choices(field):
        return "choice"
    if complete == "tasks":
        return "task"
    if complete in OPEN:
        return "combo"
    return "number" if bare_type(field) in (int, float) else "text"


def section_of(cls: type[Options], name: str) -> str:
    """Return the title of the options that a field stands among: the idea of the class that declares it."""
    home = next((base for base in cls.__mro__ if name in inspect.get_annotations(base)), cls)
    return SECTIONS.get(home.__name__, home.__name__.strip("_"))


def slider_of(field: FieldInfo) -> Slider | None:
    """Return where a slider for a number reaches; None where no range is worth one. Entries beside it take any value."""
    low, high = _bounds(field)
    default = field.default if isinstance(field.default, int | float) else None
    if hint_of(field).log:
        return _logarithmic(default, low, high, bare_type(field) is int) if default else None
    numbers = [value for value in hint_of(field).search if isinstance(value, int | float)]
    top = min(high, 2 * max(numbers)) if numbers else high
    if not math.isfinite(low) or not math.isfinite(top) or (not numbers and top - low > 1):
        return None
    if bare_type(field) is int or (numbers and min(numbers) >= 1):
        return _whole(min(numbers), low, top)
    step = 0.001 if default and round(default, 2) != default else 0.01 if top - low <= 1 else 0.1
    return Slider(_inside(field, low, step, "gt"), _inside(field, top, -step, "lt"), step)


def _logarithmic(default: float, low: float, high: float, whole: bool) -> Slider:
    reach = WHOLE_REACH if whole else REACH
    return Slider(max(low, default / reach), min(high, default * reach), 1.0 if whole else 0.1, log=True)


def _whole(smallest: float, low: float, top: float) -> Slider:
    """Steps of one where there are few; else steps as large as the smallest value worth trying."""
    step = 1.0 if top <= 130 and smallest < 32 else float(smallest)
    return Slider(max(low, step) if step > 1 or low <= 0 else low, top, step)


def _bounds(field: FieldInfo) -> tuple[float, float]:
    found = {sign: float(getattr(rule, sign)) for rule in field.metadata for sign in ("gt", "ge", "lt", "le") if getattr(rule, sign, None) is not None}  # fmt: skip
    return found.get("ge", found.get("gt", -math.inf)), found.get("le", found.get("lt", math.inf))


def _inside(field: FieldInfo, end: float, step: float, sign: str) -> float:
    """Return an end of the range, a step further in where the end itself is not allowed."""
    excluded = any(getattr(rule, sign, None) == end for rule in field.metadata)
    return round(end + step, 6) if excluded else end
