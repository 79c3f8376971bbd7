"""Sentences in two languages: two files, line by line; a translation memory (TMX); or two columns with a tab between."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.core.errors import DataError
from fmtools.kit.reading.broken import Broken
from fmtools.kit.reading.gather import Gatherer, gathered
from fmtools.kit.reading.packed import inner_name
from fmtools.kit.reading.pairs import TITLES, is_pair_folder, language_of, looks_parallel, pairs_of, two_files
from fmtools.kit.reading.places import ending_of, ends_with, existing, is_folder_of, load_path, load_splits
from fmtools.kit.reading.tables import SPLIT_NAMES, Rows, dataset_of, slug
from fmtools.kit.reading.text_lines import TextFile, open_text
from fmtools.kit.reading.tmx import read_tmx

EMPTY_SIDE, NO_TAB = "pairs with an empty side", "lines that are no two columns with a tab between"
TAB_ENDINGS = (".tsv", ".tab", ".txt")


class ParallelSource:
    """Reads two files of lines, TMX files, tab-separated pairs, and folders of the first two."""

    name = "parallel"
    summary = "Sentence pairs: a folder with x.en and x.zh (or x.en,x.zh), TMX, or two columns with a tab between"
    names: tuple[str, ...] = ()
    endings = (".tmx",)

    def accepts(self, reference: Any) -> bool:
        if two_files(reference) or is_pair_folder(reference):
            return True
        mine = ends_with(reference, self.endings) or is_folder_of(reference, self.endings)
        return mine or looks_parallel(reference)

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Read pairs into the columns source and target. Raises DataError, with both counts, when lines do not pair up."""
        pair = two_files(reference)
        if pair:
            rows = _read_two(existing(pair[0]), existing(pair[1]), reading)
            return dataset_of(slug(_name_of(pair[0])), rows, ",".join(map(str, pair)))
        path = existing(Path(reference).expanduser())
        if is_pair_folder(path):
            return _load_folder(path, reading)
        return load_path(path, (*self.endings, *TAB_ENDINGS), _read_one, reading)


def _name_of(path: Path) -> str:
    return inner_name(path).removesuffix(f".{language_of(path)}")


def _read_one(path: Path, reading: Reading) -> Rows:
    return read_tmx(path, reading) if ending_of(path) == ".tmx" else _read_tabs(path, reading)


def _load_folder(folder: Path, reading: Reading) -> Dataset:
    """Read a folder's pairs: one a split where they are named so, else the only one."""
    pairs = pairs_of(folder)
    splits = {split: pair for name, pair in pairs.items() if (split := _split_of(name))}
    if "train" not in splits:
        if len(pairs) > 1:
            some = ", ".join(",".join(path.name for path in pair) for pair in list(pairs.values())[:3])
            cause = f"The folder {folder} has {len(pairs):,} pairs of files ({some} ...), none of them named train."
            raise DataError(cause, "Name two files, with a comma between.")
        splits = {"all": next(iter(pairs.values()))}
    if list(splits) == ["all"]:
        source, target = splits["all"]
        return dataset_of(slug(folder.name), _read_two(source, target, reading), str(folder))
    first = {split: [pair[0]] for split, pair in splits.items()}
    other = {pair[0]: pair[1] for pair in splits.values()}
    data = load_splits(folder, first, lambda path, reading: _read_two(path, other[path], reading), reading, keep=False)
    data.task = "translation"
    return data


def _split_of(name: str) -> str:
    return next((SPLIT_NAMES[word] for word in name.lower().split(".") if word in SPLIT_NAMES), "")


def _read_two(source: Path, target: Path, reading: Reading) -> Rows:
    """Read two files line by line. Blank lines at the end are none."""
    files = open_text(source, reading.encoding), open_text(target, reading.encoding)
    broken = Broken(source.name, reading.on_error == "stop")
    with Gatherer(source.name, [*files[0].notices, *files[1].notices], ("source", "target")) as gatherer:
        _gather_lines(files, gatherer, broken)
        languages = [language_of(path) or path.name for path in (source, target)]
        gatherer.notices.append(f"source: {languages[0]} ({source.name}), target: {languages[1]} ({target.name}).")
        return _finish(gatherer, broken)


def _gather_lines(files: tuple[TextFile, TextFile], gatherer: Gatherer, broken: Broken) -> None:
    lines = _side(files[0]), _side(files[1])
    for number, (left, right) in enumerate(zip_longest(*lines), 1):
        if left is None or right is None:
            if _only_blanks(left if left is not None else right, lines[0] if right is None else lines[1]):
                return
            raise _uneven(files)
        _pair(left, right, number, gatherer, broken)


def _side(file: TextFile) -> Iterator[str]:
    return (line.strip("\ufeff\r\n") for line in file.lines("\n"))


def _only_blanks(line: str | None, rest: Iterator[str]) -> bool:
    return not (line or "").strip() and not any(text.strip() for text in rest)


def _uneven(files: tuple[TextFile, TextFile]) -> DataError:
    counts = [sum(1 for _ in file.lines("\n")) for file in files]
    said = " and ".join(f"{file.name} {count:,} lines" for file, count in zip(files, counts, strict=True))
    return DataError(
        f"{said}: they do not pair up.", "Line n of one file must be the translation of line n of the other."
    )


def _pair(left: str, right: str, line: int, gatherer: Gatherer, broken: Broken) -> None:
    if left.strip() and right.strip():
        gatherer.add({"source": left.strip(), "target": right.strip()}, len(left) + len(right))
    else:
        broken.add(EMPTY_SIDE, line)


def _finish(gatherer: Gatherer, broken: Broken) -> Rows:
    read = gatherer.count + broken.total
    if not read:
        raise DataError(f"{gatherer.name} has no pairs.", "Choose files with sentences in two languages.")
    broken.check(gatherer.name, read)
    gatherer.notices += broken.notices(gatherer.name)
    return gathered(gatherer, read, broken.counts, drops=broken.drops, task="translation")


def _read_tabs(path: Path, reading: Reading) -> Rows:
    """Read two columns with a tab between; a third one (a source, a licence) is left."""
    file = open_text(path, reading.encoding)
    broken = Broken(path.name, reading.on_error == "stop")
    with Gatherer(path.name, list(file.notices), ("source", "target")) as gatherer:
        for number, line in enumerate(_side(file), 1):
            fields = line.split("\t")
            if number == 1 and _is_header(fields):
                gatherer.notices.append(f"{path.name}: {fields[0]} is the source, {fields[1]} the target.")
            elif len(fields) >= 2:
                _pair(fields[0], fields[1], number, gatherer, broken)
            elif line.strip():
                broken.add(NO_TAB, number)
        return _finish(gatherer, broken)


def _is_header(fields: list[str]) -> bool:
    return len(fields) >= 2 and all(
        field.strip().lower() in TITLES or language_of(Path(f"x.{field.strip()}")) for field in fields[:2]
    )
