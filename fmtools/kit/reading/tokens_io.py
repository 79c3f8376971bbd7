"""Lines of tokens and tags, as CoNLL's files have them: which column is what, and whether a file is one at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import DataError
from .packed import open_bytes
from .places import ending_of, find_splits, is_file, is_folder
from .text_io import decode

#: A tag with a prefix: B-PER, I_LOC, S-ORG, b-per; segmentation has the letters alone.
TAG = re.compile(r"[Oo]|[BIESLUMWbieslumw][-_].+|[BIESLUMW]")
#: Types of the chunks of CoNLL-2000 and 2003: with names in another column, they are not what is looked for.
CHUNKS = frozenset("NP VP PP ADVP SBAR ADJP PRT CONJP INTJ LST UCP".split())
TAG_NAMES = (
    "ner",
    "ner_tag",
    "ner_tags",
    "tag",
    "tags",
    "label",
    "labels",
    "entity",
    "entities",
    "bio",
    "iob",
    "upos",
    "pos",
)
TOKEN_NAMES = ("token", "tokens", "word", "words", "form", "text", "char", "character", "surface")
#: The columns are chosen on so many lines.
SEEN_LINES = 5_000
HEAD = 1 << 16
DOCUMENT, OUTSIDE = "-DOCSTART-", ("O", "o")


@dataclass(frozen=True)
class Layout:
    """How a file's lines are divided: by tabs or by blanks, into how many columns, and which of them are wanted.

    `tagged`: the tags are of the B-, I-, O kind; else they are names of classes, such as parts of speech.
    """

    tabs: bool
    width: int
    token: int
    tag: int
    tagged: bool
    header: bool = False

    def divide(self, line: str) -> list[str]:
        return divided(line, self.tabs)


def divided(line: str, tabs: bool) -> list[str]:
    """Return a line's columns. Only ASCII blanks divide: an ideographic space may be a token."""
    if tabs:
        return line.rstrip("\r\n").split("\t")
    return [part for part in re.split(r"[ \t\r\n]+", line) if part]


def is_blank(line: str) -> bool:
    """Say whether a line ends a sentence."""
    return not line.strip(" \t\r\n\ufeff")


def is_comment(line: str, layout: Layout | None) -> bool:
    """Say whether a line is a comment, and no line for the token '#'."""
    if not line.startswith("#"):
        return False
    if layout is None:
        return line[1:2] in (" ", "#", "!", "") or "=" in line or len(line.split()) == 1
    fields = layout.divide(line)
    fits = len(fields) == layout.width and (not layout.tagged or TAG.fullmatch(fields[layout.tag]) is not None)
    return not fits


def layout_of(lines: Sequence[str], columns: Sequence[str], name: str) -> Layout:
    """Find out how the lines (without blank ones and comments) are divided. Raises DataError when no column holds tags."""
    lines = [line for line in lines if DOCUMENT not in line][:SEEN_LINES]
    tabs = sum("\t" in line for line in lines) > 0.5 * len(lines)
    rows = [divided(line, tabs) for line in lines]
    header = len(rows) > 1 and _is_header(rows[0])
    rows = rows[header:]
    widths = Counter(len(row) for row in rows)
    width = len(columns) or (widths.most_common(1)[0][0] if widths else 0)
    table = list(zip(*(row for row in rows if len(row) == width), strict=True))
    if width < 2 or not table:
        found = f"most lines have {widths.most_common(1)[0][0] if widths else 0} columns"
        found += f", not the {len(columns)} that were named" if columns else ""
        raise DataError(f"{name}: no lines of tokens and tags: {found}.", "Each line wants a token and its tag.")
    tag, tagged = _tag_column(table, columns)
    if not tagged and not _classes(table[tag]):
        raise DataError(f"{name}: no column holds tags.", "Each line wants a token and its tag, such as: Bonn B-LOC")
    token = _token_column(table, tag, columns)
    return Layout(tabs, width, token, tag, tagged, header)


def _is_header(cells: list[str]) -> bool:
    names = [cell.strip().lower() for cell in cells]
    return any(name in TOKEN_NAMES for name in names) and any(name in TAG_NAMES for name in names)


def _tag_column(table: list[tuple[str, ...]], columns: Sequence[str]) -> tuple[int, bool]:
    shares = [_share(values) for values in table]
    named = [place for name in TAG_NAMES for place, title in enumerate(columns) if title.lower() == name]
    if named:
        return named[0], shares[named[0]] > 0.5
    fit = [place for place, share in enumerate(shares) if share > 0.8]
    if fit:
        # The tags of names have more O than those of chunks; among equals the last column has them.
        return max(fit, key=lambda place: (not _chunks(table[place]), _outside(table[place]), place)), True
    if len(table) >= 8 and _numbers(table[0]):
        return 3, False  # CoNLL-U: the universal part of speech
    # Classes repeat themselves more than words do; among equals the last column has them.
    words = [place for place in range(len(table)) if not _numbers(table[place])] or [len(table) - 1]
    return min(words, key=lambda place: (len(set(table[place])), -place)), False


def _outside(values: Sequence[str]) -> int:
    return sum(value in OUTSIDE for value in values)


def _share(values: tuple[str, ...]) -> float:
    """Return the share of tags among a column's values; 0 when it has but O, as a column of initials may."""
    fit = sum(TAG.fullmatch(value) is not None for value in values)
    wide = any(value in OUTSIDE or value[1:2] in ("-", "_") for value in values) or len(set(values)) <= 6
    return fit / len(values) if wide else 0.0


def _classes(values: tuple[str, ...]) -> bool:
    """Say whether a column's values are names of classes, not words of a text: with letters, and the same ones again."""
    different = set(values)
    return any(letter.isalpha() for value in different for letter in value) and len(different) <= max(
        60, len(values) / 2
    )


def _chunks(values: tuple[str, ...]) -> bool:
    return {value[2:] for value in values if len(value) > 2} <= CHUNKS and any(len(value) > 2 for value in values)


def _numbers(values: tuple[str, ...]) -> bool:
    return sum(re.fullmatch(r"\d+(?:[-.]\d+)?", value) is not None for value in values) > 0.9 * len(values)


def _token_column(table: list[tuple[str, ...]], tag: int, columns: Sequence[str]) -> int:
    """Return the column of tokens: by name, else the one with most different values that is not made of numbers."""
    named = [place for name in TOKEN_NAMES for place, title in enumerate(columns) if title.lower() == name]
    others = [place for place in range(len(table)) if place != tag]
    if named and named[0] != tag:
        return named[0]
    words = [place for place in others if not _numbers(table[place])] or others
    # A lemma column has nearly as many: the first of the richest ones is the token's.
    most = max(len(set(table[place])) for place in words)
    return next(place for place in words if len(set(table[place])) >= 0.9 * most)


def looks_like_tokens(reference: Any, endings: tuple[str, ...]) -> bool:
    """Say whether a file with one of these endings (or a folder of splits of them) has lines of tokens and BIO tags."""
    try:
        if is_folder(reference):
            found = find_splits(Path(reference).expanduser(), endings)
            paths = [path for files in found.values() for path in files][:3]
            return bool(paths) and all(_has_tokens(path, endings) for path in paths)
        return is_file(reference) and _has_tokens(Path(reference).expanduser(), endings)
    except Exception:  # whatever is wrong with the file, its own reader says it
        return False


def _has_tokens(path: Path, endings: tuple[str, ...]) -> bool:
    if ending_of(path) not in endings:
        return False
    with open_bytes(path) as file:
        data = file.read(HEAD)
    text = decode(data[: data.rfind(b"\n") + 1] or data, path.name).text
    every = text.split("\n")
    lines = [line for line in every if not is_blank(line) and not is_comment(line, None)]
    layout = layout_of(lines, (), path.name)
    fields = [layout.divide(line) for line in lines if DOCUMENT not in line][layout.header :]
    tags = [row[layout.tag] for row in fields if len(row) == layout.width]
    good = sum(TAG.fullmatch(tag) is not None for tag in tags)
    short = all(len(row[layout.token]) < 80 for row in fields if len(row) == layout.width)
    return layout.tagged and short and _outside(tags) > 0 and good >= 0.9 * len(fields) and len(set(tags)) > 1
