"""Tokens and tags, one token a line: CoNLL-2003 and its kin, in any scheme of tags and any order of columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.core.errors import DataError
from fmtools.kit.reading.broken import Broken, Repairs
from fmtools.kit.reading.gather import Gatherer, gathered
from fmtools.kit.reading.places import ends_with, is_folder_of, load_path
from fmtools.kit.reading.tables import Rows
from fmtools.kit.reading.text_lines import TextFile, open_text
from fmtools.kit.reading.tokens_io import (
    DOCUMENT,
    SEEN_LINES,
    TAG,
    Layout,
    is_blank,
    is_comment,
    layout_of,
    looks_like_tokens,
)
from fmtools.kit.rows.tag_schemes import STRAY_BLANK, Census, continues, split_tag, to_bio2

NO_TAG, MANY = "sentences with a line without a tag", "sentences with a line of more columns than the others"
FEW = "sentences with a line of fewer columns than the others"
NO_TOKEN, ODD_TAG = "sentences with a line without a token", "sentences with a tag that is not of the others' kind"
#: Endings that say nothing certain: there the content decides.
UNCERTAIN = (".txt", ".tsv", ".tab", ".train", ".testa", ".testb", ".dev", ".test", ".valid", ".data", ".char", "")
OWN = (".conll", ".conll03", ".conllu", ".bio", ".iob", ".iob2", ".bioes", ".iobes", ".bmes", ".ner")


class ConllSource:
    """Reads CoNLL files, and folders with one file a split."""

    name = "conll"
    summary = "CoNLL files: a token and its tag a line, BIO1, BIO2, BIOES or BILOU, columns in any order"
    names: tuple[str, ...] = ()
    endings = OWN

    def accepts(self, reference: Any) -> bool:
        if ends_with(reference, self.endings) or is_folder_of(reference, self.endings):
            return True
        return looks_like_tokens(reference, UNCERTAIN)

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Read a file or folder into the columns tokens and tags (BIO2). Raises DataError with file and line."""
        return load_path(reference, OWN + UNCERTAIN, read_conll, reading)


@dataclass
class Sentence:
    """A sentence's lines: their numbers and their columns; what is wrong with it, and where."""

    lines: list[int] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    fault: str = ""
    place: int = 0


def read_conll(path: Path, reading: Reading = PLAIN) -> Rows:
    """Read one file. Sentences with a broken line are dropped and named; tags that break the scheme are put right aloud."""
    file = open_text(path, reading.encoding)
    broken = Broken(path.name, reading.on_error == "stop")
    head = [line for _, line in _numbered(file) if not is_blank(line) and not is_comment(line, None)]
    layout = layout_of(head, reading.columns, path.name)
    census = _census(file, layout)
    repairs = Repairs(broken)
    with Gatherer(path.name, list(file.notices)) as gatherer:
        for sentence in _joined(_sentences(file, layout), layout, census, repairs):
            _take(sentence, layout, census, reading, gatherer, repairs)
        return _finish(gatherer, layout, census, reading, repairs)


def _numbered(file: TextFile) -> Iterator[tuple[int, str]]:
    """Give the first lines; a file of the oldest Macs has no line feeds."""
    return islice(_all_lines(file), 4 * SEEN_LINES)


def _all_lines(file: TextFile) -> Iterator[tuple[int, str]]:
    newline = "\n" if "\n" in file.head else ""
    return enumerate(file.lines(newline), 1)


def _sentences(file: TextFile, layout: Layout) -> Iterator[Sentence]:
    """Divide a file at its blank lines; document marks and comments are no rows."""
    sentence, header = Sentence(), layout.header
    for number, line in _all_lines(file):
        if is_blank(line):
            if sentence.lines:
                yield sentence
            sentence = Sentence()
        elif header:
            header = False
        elif not is_comment(line, layout) and DOCUMENT not in line.split():
            _put(sentence, number, layout.divide(line), layout)
    if sentence.lines:
        yield sentence


def _put(sentence: Sentence, number: int, cells: list[str], layout: Layout) -> None:
    fault = _fault(cells, layout)
    if fault and not sentence.fault:
        sentence.fault, sentence.place = fault, number
    sentence.lines.append(number)
    sentence.cells.append(cells)


def _fault(cells: list[str], layout: Layout) -> str:
    while len(cells) > layout.width and not cells[-1].strip():
        cells.pop()
    if len(cells) < layout.width:
        return NO_TAG if len(cells) == 1 else FEW
    if len(cells) > layout.width:
        return MANY
    if not cells[layout.tag].strip():
        return NO_TAG
    if not cells[layout.token]:
        return NO_TOKEN
    return "" if not layout.tagged or TAG.fullmatch(cells[layout.tag]) else ODD_TAG


def _census(file: TextFile, layout: Layout) -> Census:
    """Count how entities begin and end, in the whole file: the scheme of a line may be clear from another one only."""
    census = Census()
    for sentence in _sentences(file, layout) if layout.tagged else ():
        if not sentence.fault:
            census.see([split_tag(cells[layout.tag]) for cells in sentence.cells])
    return census


def _joined(sentences: Iterator[Sentence], layout: Layout, census: Census, repairs: Repairs) -> Iterator[Sentence]:
    """Undo blank lines that stand inside an entity: the one before is open, and the next line goes on with it."""
    before: Sentence | None = None
    for sentence in sentences:
        if before is not None and _goes_on(before, sentence, layout, census):
            repairs.add(STRAY_BLANK, before.lines[-1] + 1)
            before.lines += sentence.lines
            before.cells += sentence.cells
            continue
        if before is not None:
            yield before
        before = sentence
    if before is not None:
        yield before


def _goes_on(before: Sentence, after: Sentence, layout: Layout, census: Census) -> bool:
    if not layout.tagged or before.fault or after.fault or census.scheme in ("BIO1", "IO"):
        return False
    letter, kind = split_tag(before.cells[-1][layout.tag])
    return letter in "BIM" and continues(split_tag(after.cells[0][layout.tag]), kind)


def _take(
    sentence: Sentence, layout: Layout, census: Census, reading: Reading, gatherer: Gatherer, repairs: Repairs
) -> None:
    if sentence.fault:
        repairs.broken.add(sentence.fault, sentence.place)
        return
    tags = [cells[layout.tag] for cells in sentence.cells]
    if layout.tagged:
        tags, wrong = to_bio2(list(map(split_tag, tags)), census.scheme, census.other)
        for place, what in wrong:
            repairs.add(what, sentence.lines[place])
    row: dict[str, Any] = {"tokens": [cells[layout.token] for cells in sentence.cells], "tags": tags}
    for place, name in enumerate(reading.columns):
        if place not in (layout.token, layout.tag):
            row[name] = [cells[place] for cells in sentence.cells]
    gatherer.add(row, 16 * len(tags) * len(row))


def _finish(gatherer: Gatherer, layout: Layout, census: Census, reading: Reading, repairs: Repairs) -> Rows:
    name, broken = gatherer.name, repairs.broken
    read = gatherer.count + broken.total
    if not read:
        raise DataError(f"{name} has no sentences.", "Choose a file with tokens and tags.")
    broken.check(name, read)
    gatherer.notices += [_columns_said(layout, reading, name), *_scheme_said(layout, census, name)]
    gatherer.notices += [*repairs.notices(name), *broken.notices(name)]
    return gathered(gatherer, read, broken.counts, drops=broken.drops, task="token-classification")


def _columns_said(layout: Layout, reading: Reading, name: str) -> str:
    said = f"{name}: tokens are in column {layout.token + 1}, tags in column {layout.tag + 1}"
    unused = layout.width - 2 if not reading.columns else 0
    return said + (f"; {unused} more not used (name them all with --columns to keep them)." if unused else ".")


def _scheme_said(layout: Layout, census: Census, name: str) -> list[str]:
    if not layout.tagged:
        return [f"{name}: the tags have no B- and I-: taken as they stand."]
    counts = Counter({letter: census.letters[letter] for letter in "BIESLUMW" if census.letters[letter]})
    return [] if census.scheme == "BIO2" or not counts else [f"{name}: tags of the scheme {census.scheme} became BIO2."]
