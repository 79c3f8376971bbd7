"""From options back to the line that makes them: what the sidebar copies, and what a run remembers of its command."""

from __future__ import annotations

from typing import Any

from fmtools.core.options import Options, flag

from .fields import is_bool, is_list, positionals, written
from .words import quote


def line(options: Options, names: dict[str, str] | None = None) -> str:
    """Return the magic line that makes these options: only what differs from the defaults, quoted where needed.

    `names` gives the notebook's name of an option's value that is an object: {"data": "df"}. Values with line breaks,
    which no line can hold, make a `%%` cell with a YAML body instead.
    """
    return typed(type(options), {**_changed(options), **(names or {})})


def typed(cls: type[Options], given: dict[str, Any]) -> str:
    """Return the magic line, or the `%%` cell, that gives these values, by field name."""
    lines = {name: value for name, value in given.items() if not _fits(value)}
    head = words(cls, {name: value for name, value in given.items() if name not in lines})
    command = " ".join([f"%{cls.magic_name()}", *head])
    return f"%{command}\n{_body(lines)}" if lines else command


def words(cls: type[Options], given: dict[str, Any]) -> list[str]:
    """Return the words for the given values: positional ones first, so that no list option swallows them."""
    first = [name for name in positionals(cls) if name in given]
    rest = [name for name in given if name not in first]
    out: list[str] = []
    for name in first:
        value = given[name]
        out += [quote(text) for text in (value if isinstance(value, list) else [_text(value)])]
    for name in rest:
        out += _option(cls, name, given[name])
    return out


def _option(cls: type[Options], name: str, value: Any) -> list[str]:
    field = cls.model_fields[name]
    if is_bool(field):
        return [flag(name) if value else flag("no_" + name)]
    if is_list(field):
        return [flag(name), *(quote(text) for text in value)]
    return [flag(name), quote(_text(value))]


def _changed(options: Options) -> dict[str, Any]:
    fields = type(options).model_fields
    found = {name: getattr(options, name) for name in fields}
    return {name: value for name, value in found.items() if not _same(value, fields[name].get_default())}


def _same(value: Any, default: Any) -> bool:
    # A frame's `==` is elementwise; only plain values are compared by it.
    return value is default or (isinstance(value, type(default)) and bool(value == default))


def _text(value: Any) -> str:
    return written(value) if isinstance(value, (str, int, float)) else _object_name(value)


def _object_name(value: Any) -> str:
    import os

    return os.fspath(value) if isinstance(value, os.PathLike) else type(value).__name__


def _fits(value: Any) -> bool:
    """Say whether a value holds no character that ends a line (there are eleven of them)."""
    texts = value if isinstance(value, list) else [value]
    return all(not isinstance(text, str) or text.splitlines() in ([], [text]) for text in texts)


def _body(values: dict[str, Any]) -> str:
    import yaml

    return str(yaml.safe_dump(values, default_style='"', allow_unicode=True, width=2**31, sort_keys=False))
