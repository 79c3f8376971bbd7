"""Plain text: a file of paragraphs or lines, or a folder of texts, whose sub-folders may name splits and labels."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.core.errors import DataError
from fmtools.kit.reading.broken import Broken
from fmtools.kit.reading.cache import let_go
from fmtools.kit.reading.gather import Gatherer, gathered
from fmtools.kit.reading.packed import PACKED
from fmtools.kit.reading.pairs import looks_parallel
from fmtools.kit.reading.places import ends_with, existing, find_splits, is_folder, is_folder_of, load_path
from fmtools.kit.reading.tables import SPLIT_NAMES, SPLIT_ORDER, Rows, account, counted, slug
from fmtools.kit.reading.text_io import read_text
from fmtools.kit.reading.text_lines import TextFile, open_text
from fmtools.kit.reading.tokens_io import looks_like_tokens

ENDINGS = (".txt", ".text", ".md")
#: Blank lines part paragraphs; where so many lines stand between them, they part something else, and lines are rows.
LONG_PARAGRAPH = 40
#: Folders beside those of the labels whose texts have no label.
UNLABELLED = ("unsup", "unlabeled", "unlabelled")
EMPTY, NO_LABEL, UNREADABLE = "empty files", "texts without a label", "files that cannot be read as text"
#: So many unreadable files are named with their reason.
NAMED = 3


class TextSource:
    """Reads .txt and .md files, and folders of them."""

    name = "text"
    summary = "Text files, a row a paragraph or a line; or a folder of texts, its sub-folders being splits and labels"
    names: tuple[str, ...] = ()
    endings = ENDINGS

    def accepts(self, reference: Any) -> bool:
        if not ends_with(reference, ENDINGS) and not is_folder_of(reference, ENDINGS):
            return is_folder(reference) and _has_texts(Path(reference).expanduser())
        return not looks_like_tokens(reference, (".txt",)) and not looks_parallel(reference)

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Read a file or folder into the column text (and label, file). Raises DataError for what is no text."""
        path = existing(Path(reference).expanduser())
        if not path.is_dir() or find_splits(path, ENDINGS):
            return load_path(path, ENDINGS, read_text_file, reading)
        return _load_folder(path, reading)


def read_text_file(path: Path, reading: Reading = PLAIN) -> Rows:
    """Read one file: a row a paragraph where blank lines part them, else a row a line."""
    file = open_text(path, reading.encoding)
    notices = list(file.notices)
    paragraphs = has_paragraphs(file.head)
    with Gatherer(path.name, notices, ("text",)) as gatherer:
        for text in _paragraphs(file) if paragraphs else _lines(file):
            gatherer.add({"text": text}, len(text))
    what = "paragraph (blank lines part them)" if paragraphs else "line"
    notices.append(f"{path.name}: a row is a {what}; {gatherer.count:,} of them.")
    if file.head.count("\t") > 0.5 * file.head.count("\n") > 2:
        notices.append(f"{path.name}: tabs stand in its lines; --format csv reads them as columns.")
    return gathered(gatherer, gatherer.count)


def has_paragraphs(text: str) -> bool:
    """Say whether blank lines part a text into paragraphs of a few lines."""
    blocks = [len(list(lines)) for full, lines in groupby(text.splitlines(), lambda line: bool(line.strip())) if full]
    return len(blocks) >= 2 and sum(blocks) <= LONG_PARAGRAPH * len(blocks)


def _lines(file: TextFile) -> Iterator[str]:
    for line in file.lines(None):
        text = line.strip("\ufeff\r\n")
        if text.strip():
            yield text


def _paragraphs(file: TextFile) -> Iterator[str]:
    for full, lines in groupby(file.lines(None), lambda line: bool(line.strip("\ufeff \t\r\n\f"))):
        if full:
            yield "".join(lines).strip("\ufeff\r\n")


def _is_text(path: Path) -> bool:
    ending = (Path(path.stem) if path.suffix.lower() in PACKED else path).suffix.lower()
    return path.name[:1] != "." and (ending in ENDINGS or not path.suffix or path.suffix[1:].isdigit())


def _has_texts(folder: Path) -> bool:
    """Say whether a folder, its sub-folders or theirs hold .txt files; in sub-folders also files without an ending."""
    for place, inner, names in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        inner[:] = sorted(name for name in inner if name[:1] not in "._") if depth < 2 else []
        paths = [Path(place, name) for name in names if name[:1] != "."]
        texts = [path for path in paths if ends_with(path, ENDINGS) or (depth and _is_text(path))]
        if texts and len(texts) >= 0.5 * len(paths):
            return True
    return False


def _load_folder(folder: Path, reading: Reading) -> Dataset:
    inner = [path for path in sorted(folder.iterdir()) if path.is_dir() and path.name[:1] not in "._"]
    splits = {SPLIT_NAMES[path.name.lower()]: path for path in inner if path.name.lower() in SPLIT_NAMES}
    splits = splits if "train" in splits else {"all": folder}
    data = Dataset(slug(folder.name), {}, str(folder))
    for split in sorted(splits, key=SPLIT_ORDER.index):
        rows = _read_texts(splits[split], reading)
        data.splits[split] = rows.table
        account(data, rows)
        let_go(rows)
    if not sum(data.rows.values()):
        raise DataError(f"The folder {folder} has no texts.", "Choose a folder with .txt files.")
    left = [path.name for path in sorted(folder.iterdir()) if inner and ends_with(path, ENDINGS)]
    data.notices += [f"Beside the folders, not read: {', '.join(left[:5])}."] if left else []
    labelled = all("label" in table.column_names for table in data.splits.values())
    data.task = "text-classification" if labelled else ""
    said = "the names of the sub-folders are the labels" if labelled else "it has no sub-folders for labels"
    data.notices.append(f"A row is a file ({counted(data.rows)}); {said}.")
    return data


def _read_texts(folder: Path, reading: Reading) -> Rows:
    """Read each text below a folder as one row; the first sub-folder on the way is its label."""
    broken = Broken(folder.name, reading.on_error == "stop")
    columns = ("text", "label", "file") if _labels(folder) else ("text", "file")
    with Gatherer(folder.name, [], columns) as gatherer:
        return _gather_texts(folder, reading, gatherer, broken)


def _gather_texts(folder: Path, reading: Reading, gatherer: Gatherer, broken: Broken) -> Rows:
    named: list[str] = []
    for label, path in _texts(folder):
        file = path.relative_to(folder).as_posix()
        if label.lower() in UNLABELLED:
            broken.add(NO_LABEL, 0, file)
            continue
        text = _text_of(path, file, reading, broken, gatherer.notices, named)
        if text is not None:
            row = {"text": text, "label": label, "file": file} if label else {"text": text, "file": file}
            gatherer.add(row, len(text) + len(file))
    read = gatherer.count + broken.total
    gatherer.notices += [*named[:NAMED], *broken.notices(folder.name)]
    return gathered(gatherer, read, broken.counts, drops=broken.drops)


def _labels(folder: Path) -> bool:
    return any(label for label, _ in _texts(folder))


def _texts(folder: Path) -> Iterator[tuple[str, Path]]:
    """Give (label, file). Where there are labels, files beside the folders (a readme) are none of the texts."""
    inner = [path for path in sorted(folder.iterdir()) if path.is_dir() and path.name[:1] not in "._"]
    found = [
        (path.name, text) for path in inner for text in sorted(path.rglob("*")) if text.is_file() and _is_text(text)
    ]
    if found:
        yield from found
        return
    for path in sorted(folder.iterdir()):
        if path.is_file() and ends_with(path, ENDINGS):
            yield "", path


def _text_of(
    path: Path, file: str, reading: Reading, broken: Broken, notices: list[str], named: list[str]
) -> str | None:
    """Return a file's text, or None when it is left out (noted in `broken`)."""
    try:
        decoded = read_text(path, reading.encoding)
    except DataError as error:
        reason = EMPTY if " is empty (" in error.cause else UNREADABLE
        broken.add(reason, 0, file)
        named += [f"{file}: left out. {error.cause}"] if reason == UNREADABLE else []
        return None
    if decoded.notice and len(notices) < NAMED:
        notices.append(decoded.notice)
    return decoded.text.lstrip("\ufeff")
