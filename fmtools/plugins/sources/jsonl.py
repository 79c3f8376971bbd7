"""JSON Lines, and JSON files with a list of objects; conversations in the usual forms get a column `messages`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.core.errors import DataError
from fmtools.kit.reading.broken import Broken
from fmtools.kit.reading.gather import Gatherer, gathered
from fmtools.kit.reading.json_values import Found, json_lines, json_list, usable
from fmtools.kit.reading.places import ending_of, ends_with, is_folder_of, load_path
from fmtools.kit.reading.squads import looks_like_squad
from fmtools.kit.reading.tables import SPLIT_NAMES, Rows
from fmtools.kit.reading.text_lines import TextFile, open_text
from fmtools.kit.rows.chats import SEEN, Form, form_of

NO_OBJECT = "values that are no object"
#: Keys under which files keep their rows, beside a version or a licence.
ROW_KEYS = ("data", "rows", "examples", "records", "items", "instances", "results", "samples")


class JsonlSource:
    """Reads .jsonl, .ndjson and .json files, and folders with one file a split."""

    name = "jsonl"
    summary = "JSON Lines, or a JSON list of objects, chats and FAQ too; or a folder with train.jsonl, test.jsonl ..."
    names: tuple[str, ...] = ()
    endings = (".jsonl", ".ndjson", ".json")

    def accepts(self, reference: Any) -> bool:
        mine = ends_with(reference, self.endings) or is_folder_of(reference, self.endings)
        return mine and not looks_like_squad(reference)

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Read a file or folder. Raises DataError with file and line for what cannot be read."""
        return load_path(reference, self.endings, read_jsonl, reading)


def read_jsonl(path: Path, reading: Reading = PLAIN) -> Rows:
    """Read one file: an object a line, or one list of objects. Broken lines are dropped and named."""
    file = open_text(path, reading.encoding)
    broken = Broken(path.name, reading.on_error == "stop")
    notices = list(file.notices)
    objects = _objects(_values(file, broken, notices), broken)
    first = list(islice(objects, SEEN))
    form = form_of([row for _, row, _ in first])
    with Gatherer(path.name, notices) as gatherer:
        _gather(chain(first, objects), form, gatherer, broken)
        return _finish(gatherer, broken, form)


def _gather(objects: Iterable[Found], form: Form | None, gatherer: Gatherer, broken: Broken) -> None:
    for line, row, size in objects:
        converted = form.convert(row) if form else row
        if converted is None and form:
            broken.add(form.broken, line)
        else:
            gatherer.add(converted or {}, size)


def _finish(gatherer: Gatherer, broken: Broken, form: Form | None) -> Rows:
    name, read = gatherer.name, gatherer.count + broken.total
    if not read:
        raise DataError(f"{name} has no rows.", "Choose a file with rows.")
    broken.check(name, read)
    rows = gathered(gatherer, read, broken.counts, drops=broken.drops, task=form.task if form else "")
    if not rows.table.num_columns:
        raise DataError(f"The objects in {name} are all empty.", "Choose a file with rows.")
    rows.notices += [f"{name}: {form.said}."] if form and form.said else []
    rows.notices += broken.notices(name)
    return rows


def _objects(values: Iterable[Found], broken: Broken) -> Iterator[Found]:
    for line, value, size in values:
        if isinstance(value, dict):
            yield line, value, size
        else:
            broken.add(NO_OBJECT, line)


def _values(file: TextFile, broken: Broken, notices: list[str]) -> Iterator[Found]:
    """Give the values of a file, whichever way it is laid out."""
    start = file.head.lstrip("\ufeff \t\r\n")
    if start.startswith("["):
        return json_list(file, broken)
    if not file.large and start.startswith("{") and (ending_of(file.path) == ".json" or not _is_json(start)):
        try:
            value = json.loads(start)
        except (ValueError, RecursionError):
            return json_lines(file, broken)
        if usable(value, start, 1, broken):
            return iter(_unwrapped(value, file.name, notices, len(start)))
        return iter(())
    return json_lines(file, broken)


def _is_json(start: str) -> bool:
    try:
        json.loads(start.split("\n", 1)[0])
    except (ValueError, RecursionError):
        return False
    return True


def _unwrapped(whole: dict[str, Any], name: str, notices: list[str], size: int) -> list[Found]:
    """Return the rows of one object: under a key, under the names of splits, by columns, or the object itself."""
    lists = {key: value for key, value in whole.items() if _is_rows(value)}
    if lists and set(map(str.lower, lists)) <= SPLIT_NAMES.keys() and len(lists) == len(whole):
        rows = [{**row, "split": key} for key, value in lists.items() for row in value]
    elif named := [key for key in lists if key.lower() in ROW_KEYS] or (list(lists) if len(lists) == 1 else []):
        notices.append(f"{name}: the rows are those under {named[0]!r}.")
        rows = lists[named[0]]
    elif whole and all(isinstance(value, list) for value in whole.values()) and len(set(map(len, whole.values()))) == 1:
        notices.append(f"{name}: read as columns.")
        rows = [dict(zip(whole, values, strict=True)) for values in zip(*whole.values(), strict=True)]
    elif _is_pandas(whole):
        notices.append(f"{name}: read as columns, as pandas writes them.")
        rows = [{key: values[place] for key, values in whole.items()} for place in next(iter(whole.values()))]
    else:
        rows = [whole]
    return [(0 if len(rows) > 1 else 1, row, size // max(1, len(rows))) for row in rows]


def _is_pandas(whole: dict[str, Any]) -> bool:
    """Say whether an object is a frame as pandas writes it: {column: {row number: value}}."""
    columns = [value.keys() if isinstance(value, dict) else None for value in whole.values()]
    first = columns[0] if columns else None
    return bool(first) and all(keys == first for keys in columns) and all(map(str.isdecimal, first or ()))


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)
