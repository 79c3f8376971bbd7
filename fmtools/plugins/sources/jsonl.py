"""JSON Lines, and JSON files with a list of objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.core.errors import DataError
from fmtools.kit.tables import MAX_COLUMNS, Broken, Rows, ends_with, is_folder_of, load_path, table_of
from fmtools.kit.text_io import read_text

NO_JSON, NO_OBJECT, NO_TEXT = "lines that are no JSON", "values that are no object", "objects with broken Unicode"


class JsonlSource:
    """Reads .jsonl, .ndjson and .json files, and folders with one file a split."""

    name = "jsonl"
    summary = "JSON Lines, or a JSON list of objects; or a folder with train.jsonl, test.jsonl ..."
    names: tuple[str, ...] = ()
    endings = (".jsonl", ".ndjson", ".json")

    def accepts(self, reference: Any) -> bool:
        return ends_with(reference, self.endings) or is_folder_of(reference, self.endings)

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Read a file or folder. Raises DataError with file and line for what cannot be read."""
        return load_path(reference, self.endings, read_jsonl)


def read_jsonl(path: Path) -> Rows:
    """Read one file: an object a line, or one list of objects. Broken lines are dropped and named."""
    decoded = read_text(path)
    text = decoded.text.lstrip("\ufeff")
    broken = Broken()
    values = _array(text, path.name) if text.lstrip().startswith("[") else _lines(text, broken)
    objects = [value for line, value in values if _usable(value, line, broken)]
    read = len(objects) + sum(broken.counts.values())
    if not read:
        raise DataError(f"{path.name} has no rows.", "Choose a file with rows.")
    broken.check(path.name, read)
    notices = [decoded.notice] if decoded.notice else []
    table = table_of(_columns(objects, path.name), path.name, notices)
    return Rows(table, read, broken.counts, notices + broken.notices(path.name))


def _lines(text: str, broken: Broken) -> list[tuple[int, Any]]:
    """Parse line by line. Only line feeds end a row: JSON texts may hold other line separators."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                found.append((number, json.loads(line)))
            except (ValueError, RecursionError):
                broken.add(NO_JSON, number)
    return found


def _array(text: str, name: str) -> list[tuple[int, Any]]:
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        why = error.msg[0].lower() + error.msg[1:]
        raise DataError(f"{name}:{error.lineno}: {why}.", "Correct the JSON there.") from None
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{name} is no usable JSON: {str(error).split(';')[0]}.", "Write one flat object a row."
        ) from None
    return list(enumerate(values, 1))


def _usable(value: Any, line: int, broken: Broken) -> bool:
    if not isinstance(value, dict):
        broken.add(NO_OBJECT, line)
        return False
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        broken.add(NO_TEXT, line)
        return False
    return True


def _columns(objects: list[dict[str, Any]], name: str) -> dict[str, list[Any]]:
    keys: dict[str, None] = {}
    for row in objects:
        keys.update(dict.fromkeys(row))
        if len(keys) > MAX_COLUMNS:
            raise DataError(f"{name} has more than {MAX_COLUMNS:,} different keys.", "Give every row the same keys.")
    if not keys:
        raise DataError(f"The objects in {name} are all empty.", "Choose a file with rows.")
    return {key: [row.get(key) for row in objects] for key in keys}
