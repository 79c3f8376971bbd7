"""Notebook variables as data: `--data df` hands over the table that `df` names. Telling a table imports nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fmtools.core.options import Options

#: A table is an object one of whose classes has such a name and comes from such a library.
_LIBRARIES = frozenset({"pandas", "polars", "pyarrow", "datasets"})
_CLASSES = frozenset({"DataFrame", "LazyFrame", "Table", "Dataset", "DatasetDict"})


@dataclass
class Resolved:
    """Options whose words were replaced by variables: their names by option, and what the user should hear."""

    names: dict[str, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


def looks_like_table(value: Any) -> bool:
    """Say whether a value is a frame, an Arrow table, a dataset, or a list of dicts."""
    if isinstance(value, list):
        return bool(value) and isinstance(value[0], dict)
    classes = type(value).__mro__
    return any(cls.__name__ in _CLASSES and cls.__module__.split(".")[0] in _LIBRARIES for cls in classes)


def tables(namespace: Mapping[str, Any]) -> list[str]:
    """Return the names of the user's variables that hold tables, without IPython's own (`_`, `_12`)."""
    return [name for name, value in list(namespace.items()) if name[:1] != "_" and looks_like_table(value)]


def resolve(options: Options, namespace: Mapping[str, Any]) -> Resolved:
    """Replace, in place, each word of a live option that names a variable.

    A file of that name wins over the variable, the variable over a built-in name; both are said aloud. Raises
    OptionError when the word names a variable that is no table and nothing else goes by that name.
    """
    from fmtools.core.options import hint_of

    resolved = Resolved()
    for name, info in type(options).model_fields.items():
        word = getattr(options, name)
        if hint_of(info).live and isinstance(word, str) and word in namespace and word.isidentifier():
            _resolve_one(options, name, word, namespace[word], resolved)
    return resolved


def _resolve_one(options: Options, name: str, word: str, value: Any, resolved: Resolved) -> None:
    table, known = looks_like_table(value), word in _known_names()
    if Path(word).exists():
        if table:
            resolved.notices.append(f"{word} is read as the file of that name, not as your variable {word}.")
    elif table:
        setattr(options, name, value)
        resolved.names[name] = word
        if known:
            resolved.notices.append(f"{word} is your variable here, not the built-in data of that name.")
    elif isinstance(value, (str, os.PathLike)) and not known:
        setattr(options, name, os.fspath(value))
    elif not known:
        raise _no_table(name, word, value)


def _no_table(name: str, word: str, value: Any) -> Exception:
    from fmtools.core.errors import OptionError
    from fmtools.core.options import flag

    kind = "an empty list" if value == [] else f"a {type(value).__name__}"
    cure = "Give a frame, an Arrow table, a dataset or a list of dicts; or a file or a registered name."
    return OptionError(f"{flag(name)} {word}: the variable holds {kind}, not a table.", cure)


def _known_names() -> list[str]:
    from fmtools.derive.values import source_names

    return source_names()
