"""Where a hyper-parameter search looks: `learning_rate=1e-5..1e-3:log`, `batch_size=8|16|32`, or just `dropout`.

What a field alone means, and what is searched when nobody says anything, stand in the options themselves (Hint.search).
"""

from __future__ import annotations

import re
import types
import typing
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ..errors import OptionError
from .base import flag, hint_of, nearest
from .train import TrainOptions

#: The data, and what is only looked at: other values of them would make trials that cannot be compared.
FIXED = frozenset(
    "task data text_column pair_column label_column labels_as_they_are multi_label validation seed watch watch_every "
    "sample_every sample_tokens save_minutes name background inline dry_run fit time find_lr auto_batch memory_limit "
    "processes on follow from_ eval_steps patience metric keep encoding on_error format columns".split()
)
_RANGE = re.compile(r"(?P<low>\S+?)\.\.(?P<high>[^\s:]+)(?::(?P<scale>\w+))?")
#: A default range reaches at least this far to both sides of the default, on a logarithmic scale.
REACH = 3.0


class Dimension(BaseModel):
    """One searched option: a range from `low` to `high`, `log` or not, `whole` numbers or not; or `choices`."""

    name: str
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    whole: bool = False
    choices: list[Any] = []

    @property
    def typed(self) -> str:
        """The dimension as a user types it: `learning_rate=1e-05..0.001:log`."""
        if self.choices:
            return f"{self.name}=" + "|".join(_word(choice) for choice in self.choices)
        return f"{self.name}={self.low:g}..{self.high:g}" + (":log" if self.log else ":linear")

    def holds(self, value: Any) -> bool:
        """Say whether a value lies in the range or among the choices."""
        if self.choices:
            return value in self.choices
        return isinstance(value, int | float) and self.low <= value <= self.high

    def rounded(self, value: Any) -> Any:
        """Return a suggested value as a trial uses it: three digits that count, so that its line can be read and typed."""
        return float(f"{value:.3g}") if isinstance(value, float) and not self.whole and not self.choices else value


def searchable() -> list[str]:
    """Return the options of `train` that can be searched."""
    return [name for name in TrainOptions.model_fields if name not in FIXED]


def read_space(texts: list[str]) -> list[Dimension]:
    """Read a space as typed. Raises OptionError for an unknown option, a value out of bounds, an empty range."""
    dimensions = [_read(text) for text in texts]
    names = [dimension.name for dimension in dimensions]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise OptionError(f"--space names {twice} twice.", "Keep one of them.")
    return dimensions


def written_space(value: Any) -> list[str]:
    """Return a space given as a mapping (YAML, Python) as texts: {"batch_size": [8, 16]} is ["batch_size=8|16"]."""
    pairs = value.items() if isinstance(value, dict) else [(None, part) for part in value]
    found = []
    for name, part in pairs:
        if name is None and isinstance(part, dict):
            found += written_space(part)
        elif name is None:
            found.append(str(part))
        elif isinstance(part, tuple) and len(part) == 2:
            found.append(f"{name}={part[0]}..{part[1]}")
        elif isinstance(part, list | tuple):
            found.append(f"{name}=" + "|".join(_word(choice) for choice in part))
        else:
            found.append(f"{name}={part}" if part not in (None, "") else str(name))
    return found


def default_space(options: TrainOptions) -> list[Dimension]:
    """Return where to look when nobody said: what matters for the task and method, less what the user gave a value.

    `options` hold the task's defaults; a range is widened until it reaches well around them.
    """
    found = []
    for name, field in TrainOptions.model_fields.items():
        hint = hint_of(field)
        fits = (not hint.tasks or options.task in hint.tasks) and (not hint.methods or options.method in hint.methods)
        if hint.searched and fits and name not in options.model_fields_set:
            dimension = _around(_known(name, field), getattr(options, name))
            found += [dimension] if dimension else []
    return found


def _around(dimension: Dimension, default: Any) -> Dimension | None:
    """Return a dimension that has the default well inside; None where it cannot (steps where shares are searched)."""
    if dimension.choices:
        return dimension
    if dimension.log and default:
        low, high = min(dimension.low, default / REACH), max(dimension.high, default * REACH)
        return dimension.model_copy(update={"low": low, "high": high})
    return dimension if dimension.holds(default) else None


def _read(text: str) -> Dimension:
    typed, equals, spec = text.partition("=")
    name = typed.strip().lstrip("-").replace("-", "_")
    known = searchable()
    if name not in known:
        raise _unknown(name, known)
    field = TrainOptions.model_fields[name]
    if not equals:
        return _known(name, field)
    found = _RANGE.fullmatch(spec.strip())
    if found and _number(field):
        return _range(name, field, found)
    words = [word.strip() for word in spec.split("|") if word.strip()]
    if found or len(words) < 2:
        raise OptionError(
            f"--space {name}={spec}: that is no range and no choice.", f"For example: {_example(name, field)}"
        )
    values = [checked(name, word) for word in words]
    return Dimension(name=name, choices=list(dict.fromkeys(values)))


def _unknown(name: str, known: list[str]) -> OptionError:
    if name in TrainOptions.model_fields:
        return OptionError(
            f"--space {name}: {flag(name)} is the same for all trials, or they could not be compared.",
            f"These can be searched: {', '.join(known[:8])} ...",
        )
    guess = nearest(name, known)
    cure = f"Did you mean {guess}?" if guess else f"These can be searched: {', '.join(known)}."
    return OptionError(f"--space {name}: train has no such option.", cure)


def _range(name: str, field: FieldInfo, found: re.Match[str]) -> Dimension:
    low, high = checked(name, found["low"]), checked(name, found["high"])
    scale, whole = found["scale"], _bare(field) is int
    if scale not in (None, "log", "linear"):
        raise OptionError(f"--space {name}: {scale!r} is no scale.", "Use :log or :linear.")
    log = scale == "log" or (scale is None and hint_of(field).log)
    if not low < high:
        raise OptionError(f"--space {name}: {low:g}..{high:g} is empty.", "Put the lower value first.")
    if log and low <= 0:
        raise OptionError(
            f"--space {name}: a logarithmic range cannot begin at {low:g}.", "Use :linear, or a low above 0."
        )
    return Dimension(name=name, low=low, high=high, log=log, whole=whole)


def checked(name: str, word: Any) -> Any:
    """Return a value of an option, converted. Raises OptionError when the option does not take it."""
    from pydantic import ValidationError

    from .base import explain

    try:
        return getattr(TrainOptions.model_validate({"data": "", name: word}), name)
    except ValidationError as error:
        said = explain(TrainOptions, error)
        raise OptionError(f"--space {name}: {said.cause}", said.cure) from None


def _known(name: str, field: FieldInfo) -> Dimension:
    """Return what the option itself says of where to look. Raises OptionError when it says nothing."""
    search, hint = hint_of(field).search, hint_of(field)
    kind = _bare(field)
    if len(search) == 2 and all(isinstance(value, int | float) for value in search):
        low, high = float(search[0]), float(search[1])
        return Dimension(name=name, low=low, high=high, log=hint.log, whole=kind is int)
    choices: list[Any] = list(search) or (list(get_args(kind)) if get_origin(kind) is Literal else [])
    if not choices and kind is bool:
        choices = [False, True]
    if not choices:
        raise OptionError(f"--space {name} needs to be told where to look.", f"For example: {_example(name, field)}")
    return Dimension(name=name, choices=choices)


def _example(name: str, field: FieldInfo) -> str:
    hint, kind = hint_of(field), _bare(field)
    if hint.search or get_origin(kind) is Literal or kind is bool:
        return f"--space {_known(name, field).typed}"
    return f"--space {name}=" + ("minilm|e5-small" if name == "model" else "2..8")


def _number(field: FieldInfo) -> bool:
    return _bare(field) in (int, float)


def _bare(field: FieldInfo) -> Any:
    kind = field.annotation
    if get_origin(kind) in (typing.Union, types.UnionType):
        return next(part for part in get_args(kind) if part is not type(None))
    return kind


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
