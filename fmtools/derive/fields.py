"""What a model's field is, seen from a command line: its plain type, its choices, how a value of it is written."""

from __future__ import annotations

import types
import typing
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from fmtools.core.options import Options, hint_of

NAMES = {int: "whole number", float: "number", str: "text", bool: "yes or no"}
SAMPLES = {int: "8", float: "0.5", str: "words"}
#: Placeholders of values that are completed, in usage lines.
PLACES = {"tasks": "TASK", "models": "MODEL", "data": "DATA", "assets": "NAME", "runs": "RUN", "path": "PATH"}


def bare_type(field: FieldInfo) -> Any:
    """Return the field's type without `| None`."""
    kind = field.annotation
    if get_origin(kind) in (typing.Union, types.UnionType):
        rest = [part for part in get_args(kind) if part is not type(None)]
        return rest[0] if len(rest) == 1 else kind
    return kind


def is_bool(field: FieldInfo) -> bool:
    """Say whether the field is a switch."""
    return bare_type(field) is bool


def is_list(field: FieldInfo) -> bool:
    """Say whether the field takes several values."""
    return get_origin(bare_type(field)) is list


def choices(field: FieldInfo) -> list[str]:
    """Return the words a field allows, or an empty list when it is open."""
    kind = bare_type(field)
    return [str(value) for value in get_args(kind)] if get_origin(kind) is Literal else []


def type_name(field: FieldInfo) -> str:
    """Return the field's type in plain words: `whole number`, `linear | cosine`, `text, several`."""
    if words := choices(field):
        return " | ".join(words)
    if is_list(field):
        return "text, several"
    return NAMES.get(bare_type(field), "text or variable" if hint_of(field).live else "text")


def bounds(field: FieldInfo) -> str:
    """Return the bounds in words: `1 to 4096`, `above 0, up to 1`, `from 0`; empty when there are none."""
    found = {
        sign: written(getattr(rule, sign))
        for rule in field.metadata
        for sign in ("gt", "ge", "lt", "le")
        if getattr(rule, sign, None) is not None
    }
    if found.keys() == {"ge", "le"}:
        return f"{found['ge']} to {found['le']}"
    words = {"gt": "above", "ge": "from", "lt": "below", "le": "up to"}
    return ", ".join(f"{words[sign]} {value}" for sign, value in found.items())


def placeholder(name: str, field: FieldInfo) -> str:
    """Return what stands for a value in a usage line: `TASK`, `NUMBER`, `TEXT`."""
    if place := PLACES.get(hint_of(field).complete):
        return place
    kind = bare_type(field)
    return {int: "N", float: "NUMBER"}.get(kind, "CHOICE" if choices(field) else "TEXT")


def sample(field: FieldInfo) -> str:
    """Return a value that a user could type for the field."""
    if field.default is not None and not field.is_required() and not is_list(field):
        return written(field.default)
    if words := choices(field):
        return words[0]
    return '"some words"' if is_list(field) else SAMPLES.get(bare_type(field), placeholder("", field).lower())


def written(value: Any) -> str:
    """Write a plain value as it is typed: `3.0` as `3`, `True` as `true`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def positionals(cls: type[Options]) -> list[str]:
    """Return the names of the options that are given without their name, in order."""
    return [name for name, field in cls.model_fields.items() if hint_of(field).positional]
