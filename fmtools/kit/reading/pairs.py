"""Texts in two languages: which files belong together, and whether lines with tabs are pairs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from .packed import PACKED, inner_name, open_bytes
from .places import ending_of, is_file, is_folder
from .text_io import decode

#: The last part of a name such as train.en or corpus.zh-CN.
LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z]{2,4})?")
#: Endings that look like a language and are none.
NOT_LANGUAGES = frozenset(
    "md py js ts gz xz zip csv tsv tab txt xml tmx bz pdf doc xls jpg png gif svg wav mp log ini cfg bio ner iob bat exe sh so db".split()
)
#: Headers of tab-separated pairs.
TITLES = frozenset("source target src tgt trg english chinese french german spanish input output".split())
HEAD = 1 << 16
#: Sentences repeat themselves hardly ever, labels nearly always.
DIFFERENT = 0.6


def language_of(path: Path) -> str:
    """Return the language that a file's name ends in, or ""."""
    name = path.stem if path.suffix.lower() in PACKED else path.name
    last = name.rpartition(".")[2] if "." in name else ""
    return last if LANGUAGE.fullmatch(last) and last.lower() not in NOT_LANGUAGES else ""


def pairs_of(folder: Path) -> dict[str, list[Path]]:
    """Return {name: [two files]} of a folder: {"train": [train.en, train.zh]}; names with one or three files are left out."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        language = language_of(path)
        if language and path.is_file():
            found.setdefault(inner_name(path).removesuffix(f".{language}"), []).append(path)
    return {name: files for name, files in found.items() if len(files) == 2}


def is_pair_folder(reference: Any) -> bool:
    """Say whether `reference` is a folder with files of two languages."""
    try:
        return is_folder(reference) and bool(pairs_of(Path(reference).expanduser()))
    except OSError:
        return False


def two_files(reference: Any) -> list[Path]:
    """Return the two files of "corpus.en,corpus.zh"; [] when it is not that."""
    if not isinstance(reference, str | Path) or "," not in str(reference) or is_file(reference):
        return []
    parts = [Path(part.strip()).expanduser() for part in str(reference).split(",")]
    parts = [parts[0], _beside(parts[0], parts[1])] if len(parts) == 2 else []
    return parts if len(parts) == 2 and any(is_file(part) for part in parts) else []


def _beside(first: Path, second: Path) -> Path:
    """The second file may be named without the folder of the first."""
    return first.parent / second if not is_file(second) and is_file(first.parent / second) else second


def looks_parallel(reference: Any) -> bool:
    """Say whether a .txt file has two columns of sentences, with a tab between."""
    try:
        path = Path(reference).expanduser() if is_file(reference) else None
        if path is None or ending_of(path) != ".txt":
            return False
        with open_bytes(path) as file:
            data = file.read(HEAD)
        lines = decode(data[: data.rfind(b"\n") + 1] or data, path.name).text.splitlines()
        rows = [line.split("\t") for line in lines if line.strip()][:500]
        sides = list(zip(*(row[:2] for row in rows if len(row) in (2, 3)), strict=True))
    except Exception:  # whatever is wrong with the file, its own reader says it
        return False
    return len(sides) == 2 and len(sides[0]) >= max(4, 0.95 * len(rows)) and all(map(_sentences, sides))


def _sentences(texts: tuple[str, ...]) -> bool:
    """Say whether texts are sentences: many different ones, with letters, and longer than a label."""
    worded = sum(any(letter.isalpha() for letter in text) for text in texts)
    long = sum(" " in text.strip() or len(text) > 4 for text in texts)
    return len(set(texts)) >= DIFFERENT * len(texts) and worded >= 0.9 * len(texts) and long >= 0.5 * len(texts)
