"""Files and folders that sources read: which are theirs, which file is which split, and reading them with an account."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ...core.contracts import PLAIN, Dataset, Reading
from ...core.errors import DataError
from . import cache
from .packed import PACKED, inner_name
from .tables import SPLIT_NAMES, SPLIT_ORDER, Rows, account, counted, dataset_of, slug
from .text_lines import LARGE

#: What a source reads a file with.
Reader = Callable[[Path, Reading], Rows]


def ending_of(path: Path) -> str:
    """Return a file's ending in small letters; that of what is packed in it, for packed ones."""
    return Path(inner_name(path)).suffix.lower()


def find_splits(folder: Path, endings: Iterable[str]) -> dict[str, list[Path]]:
    """Return {"train": [files], ...} of a folder: train.csv, dev.csv, test-00000-of-00002.parquet ...

    Where none is called plainly so, names with one such word in them count: train-v2.0.json, ner.dev.conll, eng.testa.
    """
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and _fits(path, endings)]
    for name_of in (_whole_name, _word_in_name):
        found: dict[str, list[Path]] = {}
        for path in files:
            split = name_of(inner_name(path).lower())
            if split:
                found.setdefault(split, []).append(path)
        if found:
            return found
    return {}


def _fits(path: Path, endings: Iterable[str]) -> bool:
    # A look into every zip of a folder would be slow: here its own name must tell.
    return (Path(path.stem) if path.suffix.lower() in PACKED else path).suffix.lower() in endings


def _whole_name(name: str) -> str:
    return SPLIT_NAMES.get(re.sub(r"-\d+-of-\d+$", "", name.rsplit(".", 1)[0]), "")


def _word_in_name(name: str) -> str:
    found = {SPLIT_NAMES[word] for word in re.split(r"[^a-z]+", name) if word in SPLIT_NAMES}
    return found.pop() if len(found) == 1 else ""


def is_folder_of(reference: Any, endings: Iterable[str]) -> bool:
    """Say whether `reference` is a folder with files named after splits and with one of these endings."""
    try:
        return is_folder(reference) and bool(find_splits(Path(reference).expanduser(), endings))
    except (OSError, ValueError):
        return False


def is_folder(reference: Any) -> bool:
    """Say whether `reference` is the path of a folder."""
    try:
        return isinstance(reference, str | Path) and Path(reference).expanduser().is_dir()
    except (OSError, ValueError, RuntimeError):
        return False


def is_file(reference: Any) -> bool:
    """Say whether `reference` is the path of a file."""
    try:
        return isinstance(reference, str | Path) and Path(reference).expanduser().is_file()
    except (OSError, ValueError, RuntimeError):
        return False


def ends_with(reference: Any, endings: Iterable[str]) -> bool:
    """Say whether `reference` is a path whose name (or that of what is packed in it) has one of these endings."""
    return isinstance(reference, str | Path) and ending_of(Path(reference)) in endings and not is_folder(reference)


def existing(path: Path) -> Path:
    """Return the path if it is there. Raises DataError with the nearest name of its folder."""
    try:
        if path.exists():
            return path
        folder = path.parent
        names = sorted(other.name for other in folder.iterdir()) if folder.is_dir() else []
    except (OSError, ValueError) as error:
        raise DataError(f"{str(path)[:200]!r} is not a usable path: {error}.", "Check it.") from None
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}.", "Check the path; it is relative to the working directory.")
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.5)
    cure = f"Did you mean {near[0]}?" if near else "Check the path; it is relative to the working directory."
    raise DataError(f"There is no file {path}.", cure)


def load_path(reference: str | Path, endings: Iterable[str], read: Reader, reading: Reading = PLAIN) -> Dataset:
    """Read a file, or a folder with a file a split, with one source's `read`; check it and account for its rows."""
    path = existing(Path(reference).expanduser())
    if path.is_dir():
        return load_splits(path, find_splits(path, endings), read, reading)
    rows = read_once(path, read, reading)
    data = dataset_of(slug(Path(inner_name(path)).stem), rows, str(path))
    cache.let_go(rows)
    return data


def read_once(path: Path, read: Reader, reading: Reading) -> Rows:
    """Read a file; a large one is kept as a mapped table, and taken from there the next time."""
    if path.stat().st_size <= LARGE and path.suffix.lower() not in PACKED:
        return read(path, reading)
    key = cache.key_of(path, reading, f"{read.__module__}.{read.__qualname__}")
    rows = cache.find(key)
    if rows is None:
        rows = read(path, reading)
        cache.adopt(rows, key)
    return rows


def load_splits(
    folder: Path, found: dict[str, list[Path]], read: Reader, reading: Reading, keep: bool = True
) -> Dataset:
    """Read the files of each split. Raises DataError when there are none, or when those of one split do not go together.

    keep: whether large files are kept as tables; not where `read` looks at other files, too.
    """
    import pyarrow as pa

    if not found:
        raise DataError(f"The folder {folder} has no file named train, validation or test.", "Name one of its files.")
    data = Dataset(slug(folder.name), {}, str(folder))
    for split in sorted(found, key=SPLIT_ORDER.index):
        parts = [read_once(path, read, reading) if keep else read(path, reading) for path in found[split]]
        try:
            data.splits[split] = pa.concat_tables([part.table for part in parts])
        except pa.ArrowInvalid as error:
            cause = f"The files of split {split!r} in {folder} differ in their columns."
            raise DataError(cause, str(error).split("\n")[0]) from None
        for part in parts:
            account(data, part)
            cache.let_go(part)
    if not sum(data.rows.values()):
        raise DataError(f"The files in {folder} have no rows.", "Choose data with rows.")
    data.notices += ["Splits by file: " + counted(data.rows) + ".", *_left(folder, found), *_differences(data)]
    return data


def _left(folder: Path, found: dict[str, list[Path]]) -> list[str]:
    """Name the files that are called after splits, too, and were not read: they are of another kind."""
    names = {path.name for paths in found.values() for path in paths}
    left = [path.name for path in sorted(folder.iterdir()) if _whole_name(inner_name(path).lower())]
    left = [name for name in left if name not in names and (folder / name).is_file()]
    return [f"Not read, for they are of another kind: {', '.join(left[:5])}."] if left else []


def _differences(data: Dataset) -> list[str]:
    first = next(iter(data.splits))
    columns = set(data.splits[first].column_names)
    return [
        f"Split {name!r} has the columns {', '.join(table.column_names)}; {first!r} has {', '.join(data.columns)}."
        for name, table in data.splits.items()
        if set(table.column_names) != columns
    ]
