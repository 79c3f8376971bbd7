"""Data by reference: a name, a path or an object becomes a Dataset; and what to know of it before training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core import registry
from ..core.contracts import PLAIN, Dataset, Reading, Source
from ..core.errors import DataError
from ..core.options import nearest
from ..kit.columns import guess_columns, guess_text_column
from ..kit.labels import label_text, natural
from ..kit.packed import PACKED
from ..kit.places import existing
from ..kit.split import text_key

if TYPE_CHECKING:
    import pyarrow as pa

#: Label balances name so many labels; example texts are cut to so many characters.
SHOWN_LABELS, SHOWN_CHARACTERS = 200, 300
QUANTILES = {"shortest": 0.0, "median": 0.5, "p95": 0.95, "longest": 1.0}


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
        return _load_object(reference, reading)
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
        return registry.get("sources", reading.format).load(text, reading)
    for source in _sources():
        if source.accepts(text):
            return source.load(text, reading)
    if not _looks_like_path(text) and not _exists(text):
        raise _unknown(text)
    raise _unreadable(existing(Path(text).expanduser()))


def _unreadable(path: Path) -> DataError:
    """Word the error for a file or folder that no source takes."""
    endings = ", ".join(file_endings())
    if path.is_dir():
        inside = [other.name for other in sorted(path.iterdir()) if other.suffix.lower() in _file_names_end_in()]
        some = f"It has {', '.join(inside[:5])}: name one of them." if inside else "Name a file, or another folder."
        return DataError(f"The folder {path} has no file named train, validation or test ending in {endings}.", some)
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


def describe(data: Dataset, rows: int = 5) -> dict[str, Any]:
    """Return plain JSON about a data set for a card.

    Keys: name, origin, licence, notices, read, dropped, rows {split: count}, columns [{name, type}], text_column,
    label_column (None when nothing fits), text_length {shortest, median, p95, longest} in characters, labels
    [{label, split: rows ...}], duplicates {within, between_splits} of texts, examples [{column: text}].
    """
    first = next(iter(data.splits.values()))
    text, label, notices = _guessed(first)
    card = {
        "name": data.name,
        "origin": data.origin,
        "licence": data.licence,
        "notices": [*data.notices, *notices],
        "read": data.read,
        "dropped": data.dropped,
        "rows": data.rows,
        "columns": [{"name": field.name, "type": str(field.type)} for field in first.schema],
        "text_column": text,
        "label_column": label,
        "examples": [_short(row) for row in first.slice(0, rows).to_pylist()],
    }
    texts = {name: _values(table, text) for name, table in data.splits.items()}
    return {**card, "text_length": _lengths(texts), "duplicates": _duplicates(texts), "labels": _balance(data, label)}


def texts(data: Dataset, column: str | None = None) -> list[str]:
    """Return the texts of all splits, in order; a missing text is an empty one, so that answers line up with rows."""
    found: list[str] = []
    for table in data.splits.values():
        name, _ = guess_text_column(table, column)
        found += ["" if value is None else str(value) for value in table[name].to_pylist()]
    return found


def _guessed(table: pa.Table) -> tuple[str | None, str | None, list[str]]:
    """Guess columns; a card shows what there is when they cannot be guessed."""
    try:
        return guess_columns(table)
    except DataError as error:
        try:
            text, notices = guess_text_column(table)
            return text, None, [*notices, str(error)]
        except DataError:
            return None, None, [str(error)]


def _values(table: pa.Table, column: str | None) -> list[Any]:
    return table[column].to_pylist() if column in table.column_names else []


def _lengths(texts: dict[str, list[Any]]) -> dict[str, int]:
    lengths = sorted(len(str(text)) for values in texts.values() for text in values if text is not None)
    return {name: lengths[round(share * (len(lengths) - 1))] for name, share in QUANTILES.items()} if lengths else {}


def _duplicates(texts: dict[str, list[Any]]) -> dict[str, int]:
    """Count rows whose text stood before in the same split, and rows whose text is in an earlier split, too (leaks)."""
    seen: set[str] = set()
    within = between = 0
    for values in texts.values():
        keys = [text_key(text) for text in values if text is not None]
        unique = set(keys)
        within += len(keys) - len(unique)
        between += sum(key in seen for key in keys)
        seen |= unique
    return {"within": within, "between_splits": between}


def _balance(data: Dataset, label: str | None) -> list[dict[str, Any]]:
    """Return rows a label and split, the most frequent labels first where there are too many to show."""
    counts = {split: Counter(map(_label, _values(table, label))) for split, table in data.splits.items()}
    total: Counter[str] = sum(counts.values(), Counter())
    shown = sorted((name for name, _ in total.most_common(SHOWN_LABELS)), key=natural)
    return [{"label": name, "rows": {split: counts[split][name] for split in counts}} for name in shown]


def _label(value: Any) -> str:
    return label_text(value) or "(none)"


def _short(row: dict[str, Any]) -> dict[str, str | None]:
    def cut(value: Any) -> str | None:
        text = None if value is None else str(value)
        return text if text is None or len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"

    return {name: cut(value) for name, value in row.items()}
