"""Options that somebody gave, spelled in the three ways they can be given: a magic's line, its cell, a call from Python.

`given` is what was said and nothing else, by field name: what equals a default is spelled too when it was given.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from fmtools.core.options import Options

from .fields import positionals
from .line import typed, words


def as_line(cls: type[Options], given: dict[str, Any]) -> str:
    """Return the magic's line; values with line breaks make it a `%%` cell."""
    return typed(cls, given)


def as_cell(cls: type[Options], given: dict[str, Any]) -> str:
    """Return the `%%` cell: what is given without a name on its first line, the rest as YAML, an option a line."""
    import yaml

    first = [name for name in positionals(cls) if name in given and "\n" not in str(given[name])]
    head = " ".join([f"%%{cls.magic_name()}", *words(cls, {name: given[name] for name in first})])
    rest = {name.rstrip("_"): value for name, value in given.items() if name not in first}
    body = yaml.safe_dump(rest, allow_unicode=True, width=2**31, sort_keys=False) if rest else ""
    return f"{head}\n{body}".rstrip("\n")


def as_python(cls: type[Options], given: dict[str, Any], variables: Collection[str] = ()) -> str:
    """Return the call; values of the options in `variables` are names of Python's."""
    first = [name for name in positionals(cls) if name in given]
    rest = [name for name in given if name not in first]
    words = [_python(name, given[name], variables) for name in first]
    words += [f"{name}={_python(name, given[name], variables)}" for name in rest]
    return f"fmtools.{cls.verb}({', '.join(words)})"


def _python(name: str, value: Any, variables: Collection[str]) -> str:
    if name in variables:
        return str(value)
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e15
    return repr(int(value) if whole else value)
