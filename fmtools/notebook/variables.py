"""Notebook variables as values: `--data df` hands over the table that `df` names, `--model net` the module. Telling them
imports nothing."""

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
    """Say whether a value is a frame, an Arrow table, a dataset, a list of dicts, or what `%fm_data` returned."""
    if isinstance(value, list):
        return bool(value) and isinstance(value[0], dict)
    if type(value).__module__.startswith("fmtools.api") and hasattr(value, "dataset"):
        return True
    classes = type(value).__mro__
    return any(cls.__name__ in _CLASSES and cls.__module__.split(".")[0] in _LIBRARIES for cls in classes)


def tables(namespace: Mapping[str, Any]) -> list[str]:
    """Return the names of the user's variables that hold tables, without IPython's own (`_`, `_12`)."""
    return [name for name, value in list(namespace.items()) if name[:1] != "_" and looks_like_table(value)]


def modules(namespace: Mapping[str, Any]) -> list[str]:
    """Return the names of the user's variables that hold modules of theirs, or classes of such."""
    from fmtools.core.modules import is_module

    own = [name for name, value in list(namespace.items()) if name[:1] != "_" and is_module(value)]
    return [name for name in own if not _of_library(namespace[name])]


def _of_library(value: Any) -> bool:
    """Say whether a value is a class that was imported from torch or transformers, not one of the user's."""
    return isinstance(value, type) and value.__module__.split(".")[0] in ("torch", "transformers")


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
            if name == "model":
                _resolve_model(options, word, namespace[word], resolved)
            else:
                _resolve_one(options, name, word, namespace[word], resolved)
    return resolved


def _resolve_model(options: Options, word: str, value: Any, resolved: Resolved) -> None:
    """Put a module, or the name that a variable holds, in the place of the variable's name."""
    from fmtools.core import registry
    from fmtools.core.modules import is_module

    known = word in registry.names("models")
    if "model" not in options.model_fields_set:
        return
    if is_module(value):
        options.model = value  # type: ignore[attr-defined]
        resolved.names["model"] = word
        if known:
            resolved.notices.append(f"{word} is your variable here, not the catalogue's model of that name.")
    elif isinstance(value, (str, os.PathLike)) and not known:
        options.model = os.fspath(value)  # type: ignore[attr-defined]
    elif not known and not Path(word).exists():
        raise _no_module(word, value)


def _no_module(word: str, value: Any) -> Exception:
    from fmtools.core.errors import OptionError

    cure = "Give an nn.Module or its class, a catalogue name, a folder or a hub name."
    return OptionError(f"--model {word}: the variable holds a {type(value).__name__}, not a module.", cure)


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
