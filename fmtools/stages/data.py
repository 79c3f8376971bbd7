"""Data by reference: a name, a path or an object becomes a Dataset."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..core import registry
from ..core.contracts import PLAIN, Dataset, Reading, Source
from ..core.errors import DataError
from ..core.options import nearest
from ..kit.reading.packed import PACKED, open_bytes
from ..kit.reading.places import existing


def known_names() -> list[str]:
    """Return the names of all built-in sets."""
    return sorted({name for source in _sources() for name in source.names})


def file_endings() -> list[str]:
    """Return the file endings that some source reads, for completion."""
    return sorted({ending for source in _sources() for ending in source.endings})


def load(reference: Any, stored: Callable[[str], Dataset | None] | None = None, reading: Reading = PLAIN) -> Dataset:
    """Load data by a built-in name, a registered name (through `stored`), a path, or as an object of the notebook.

    Raises DataError, with the nearest known name or file, for what nothing can load.
    """
    if isinstance(reference, Path):
        return _load_path(str(reference), reading)
    if not isinstance(reference, str):
        own = reference if isinstance(reference, Dataset) else getattr(reference, "dataset", None)
        # What `%fm_data` and its kin return is data again, under the version that it was kept as.
        return own if isinstance(own, Dataset) else _load_object(reference, reading)
    text = reference.strip()
    if not text:
        raise DataError("The data's name is empty.", f"Known names: {', '.join(known_names())}; or give a file.")
    if text in known_names() and not reading.format:
        return next(source for source in _sources() if text in source.names).load(text, reading)
    found = stored(text) if stored is not None and not _looks_like_path(text) and not reading.format else None
    if found is not None:
        return found
    return _load_path(text, reading)


def _sources() -> list[Source]:
    """Return the sources in the order in which they are asked: those that look elsewhere than here come last."""
    return sorted(registry.every("sources").values(), key=lambda source: bool(getattr(source, "last", False)))


def _looks_like_path(text: str) -> bool:
    return "/" in text or "\\" in text or text.startswith("~") or Path(text).suffix.lower() in _file_names_end_in()


def _file_names_end_in() -> set[str]:
    return {*file_endings(), *PACKED}


def _exists(text: str) -> bool:
    try:
        return Path(text).expanduser().exists()
    except (OSError, ValueError, RuntimeError):
        return False


def _load_object(reference: Any, reading: Reading) -> Dataset:
    for source in _sources():
        if source.accepts(reference):
            return source.load(reference, reading)
    raise DataError(
        f"An object of type {type(reference).__name__} cannot be used as data.",
        "Pass a file, a name, a DataFrame, an Arrow table, a datasets.Dataset, a list of dicts or a dict of columns.",
    )


def _load_path(text: str, reading: Reading) -> Dataset:
    """Load a path, or two with a comma between, or a name of the hub: what the first source takes that is asked."""
    if reading.format:
        return _reader(reading.format).load(text, reading)
    for source in _sources():
        if source.accepts(text):
            return source.load(text, reading)
    if not _looks_like_path(text) and not _exists(text):
        raise _unknown(text)
    raise _unreadable(existing(Path(text).expanduser()))


def _reader(name: str) -> Source:
    """Return the source that a user asked for by name. Raises DataError for one that reads neither files nor the hub."""
    source: Source = registry.get("sources", name)
    if not source.endings and not getattr(source, "last", False):
        readers = ", ".join(reader.name for reader in _sources() if reader.endings)
        raise DataError(f"--format {name}: that is no reader of files.", f"Readers: {readers}.")
    return source


def _unreadable(path: Path) -> DataError:
    """Word the error for a file or folder that no source takes."""
    endings = ", ".join(file_endings())
    if path.is_dir():
        inside = [other.name for other in sorted(path.iterdir()) if other.suffix.lower() in _file_names_end_in()]
        some = f"It has {', '.join(inside[:5])}: name one of them." if inside else "Name a file, or another folder."
        return DataError(f"The folder {path} has no file named train, validation or test ending in {endings}.", some)
    if path.suffix.lower() in PACKED:
        open_bytes(path).close()  # says what is wrong with it
    return DataError(
        f"Nothing here reads {path.suffix or 'files without an ending'!r}: {path.name}.",
        f"Readable: {endings}; or say which reader to use with --format.",
    )


def _unknown(text: str) -> DataError:
    names = known_names()
    readable = set(file_endings())
    files = [path.name for path in sorted(Path.cwd().iterdir()) if path.suffix.lower() in readable]
    stems = {Path(name).stem.lower(): name for name in files}
    guess = nearest(text, [*names, *files, *stems], 0.5)
    cure = f"Did you mean {stems.get(guess, guess)}?" if guess else f"Known names: {', '.join(names)}."
    return DataError(f"There is no data set and no file named {text!r}.", cure)
