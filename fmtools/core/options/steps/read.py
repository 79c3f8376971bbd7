"""Steps as people type them: a line, a mapping of YAML, or what a recipe has kept."""

from __future__ import annotations

import shlex
from typing import Any

from pydantic import ValidationError

from ...errors import OptionError
from ..base import nearest
from .augment import BackTranslate, Mix, Noise, Synonyms, WordDrop, WordSwap
from .base import Step, written
from .clean import Drop, DropDuplicates, DropEmpty, DropLeaks, Filter, Keep, MapLabels, Normalize, Rename, StripMarkup
from .divide import Balance, Sample, Split

#: Every step by its name; order is the order of help texts.
STEPS: dict[str, type[Step]] = {
    cls.step: cls
    for cls in (
        Normalize, StripMarkup, DropEmpty, DropDuplicates, DropLeaks, Filter, MapLabels, Rename, Keep, Drop, Balance, Sample, Split,
        WordDrop, WordSwap, Noise, Synonyms, Mix, BackTranslate,
    )
}  # fmt: skip
#: Steps that stand in recipes and are done by verbs of their own.
RECORDED = ("label", "protect")
#: Other words for them.
ALIASES = {
    "normalise": "normalize",
    "dedup": "drop-duplicates",
    "dedupe": "drop-duplicates",
    "augment-back": "augment-back-translate",
}


def parse_step(given: Any) -> Step:
    """Read one step: a line, a mapping {"filter": {"length": "5..400"}}, or a kept one {"step": "filter", ...}.

    Raises OptionError, with the nearest name, for the first mistake.
    """
    if isinstance(given, Step):
        return given
    if isinstance(given, str):
        name, values = _read_line(given)
    elif isinstance(given, dict) and "step" in given:
        name, values = str(given["step"]), {key: value for key, value in given.items() if key != "step"}
    elif isinstance(given, dict) and len(given) == 1:
        name, values = _read_pair(*next(iter(given.items())))
    else:
        raise OptionError(f"{given!r} is not a step.", 'Write it like "filter length=5..400".')
    return _build(step_class(name), values)


def step_line(kept: dict[str, Any]) -> str:
    """Return a step of a kept recipe as people read it, also one that a verb of its own has done (label, protect)."""
    if kept.get("step") in RECORDED:
        plain = {key: value for key, value in kept.items() if key != "step" and not isinstance(value, list | dict)}
        return shlex.join([str(kept["step"]), *(f"{key}={written(value)}" for key, value in plain.items())])
    return parse_step(kept).line()


def step_class(name: str) -> type[Step]:
    """Return a step's model by its name. Raises OptionError with the nearest one."""
    plain = name.strip().lower().replace("_", "-")
    plain = ALIASES.get(plain, plain)
    if plain in STEPS:
        return STEPS[plain]
    if plain in RECORDED:
        raise OptionError(
            f"The step {plain!r} belongs to the rows it was done to; it cannot be applied to others.",
            f"Use %fm_{plain} on them.",
        )
    guess = nearest(plain, list(STEPS), 0.5)
    raise OptionError(
        f"There is no step {name!r}.", f"Did you mean {guess}?" if guess else f"The steps are {', '.join(STEPS)}."
    )


def _read_line(text: str) -> tuple[str, dict[str, Any]]:
    try:
        words = shlex.split(text)
    except ValueError:
        raise OptionError(f"The step {text!r} has a quote that is not closed.", "Close it.") from None
    if not words:
        raise OptionError("A step is empty.", f"The steps are {', '.join(STEPS)}.")
    cls = step_class(words[0])
    values: dict[str, Any] = {}
    for word in words[1:]:
        _take(cls, word, values)
    return words[0], values


def _take(cls: type[Step], word: str, values: dict[str, Any]) -> None:
    """Put one word of a line where it belongs; several bare words of a list come together."""
    key, equals, value = word.partition("=")
    name = key.replace("-", "_")
    if equals and cls.free:
        values.setdefault(cls.free, {})
        if name in cls.model_fields and name != cls.free:
            values[name] = value
        else:
            values[cls.free][key] = value
    elif equals:
        if name in values:
            raise OptionError(f"Step {cls.step}: {key} is given twice.", "Keep one of them.")
        values[name] = value
    elif cls.takes:
        values[cls.takes] = f"{values[cls.takes]},{word}" if cls.takes in values else word
    else:
        raise OptionError(
            f"Step {cls.step} does not know what to do with {word!r}.",
            f"It is written like: {cls.example}",
        )


def _read_pair(name: Any, value: Any) -> tuple[str, dict[str, Any]]:
    cls = step_class(str(name))
    if value is None or value == "":
        return cls.step, {}
    if isinstance(value, dict):
        plain = {str(key).replace("-", "_"): item for key, item in value.items()}
        known = {key: item for key, item in plain.items() if key in cls.model_fields}
        if cls.free and cls.free not in known:
            rest = {str(key): str(item) for key, item in value.items() if str(key).replace("-", "_") not in known}
            return cls.step, {**known, cls.free: rest}
        return cls.step, plain
    if cls.takes:
        return cls.step, {cls.takes: value}
    return _read_line(f"{cls.step} {value}")


def _build(cls: type[Step], values: dict[str, Any]) -> Step:
    try:
        return cls.model_validate(values)
    except ValidationError as error:
        raise _explain(cls, error) from None


def _explain(cls: type[Step], error: ValidationError) -> OptionError:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    typed = name.replace("_", "-")
    if first["type"] == "extra_forbidden":
        guess = nearest(name, list(cls.model_fields))
        known = ", ".join(field.replace("_", "-") for field in cls.model_fields)
        cure = f"Did you mean {guess.replace('_', '-')}?" if guess else f"It has {known}."
        return OptionError(f"Step {cls.step} has no {typed!r}.", cure)
    if first["type"] in ("missing", "too_short"):
        return OptionError(f"Step {cls.step} needs {typed}.", f"For example: {cls.example}")
    wanted = first["msg"].replace("Input should be", "it should be").replace("Value error, ", "")
    return OptionError(
        f"Step {cls.step}: {typed}={first['input']} is not possible: {wanted}.", f"For example: {cls.example}"
    )
