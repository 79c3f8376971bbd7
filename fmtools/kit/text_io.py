"""Bytes to text: which encoding a file is in, said aloud - or an error that asks. Never mojibake in silence.

Unicode encodings prove themselves. The legacy ones do not: most bytes are valid in most of them, and with a wrong guess
a model learns nonsense without a word. So each candidate must decode the whole file, and its text must look like the
language that the encoding was made for (see `language_score`), clearly more so than every other candidate's. The word
shown in the notice lets a person check it. (A general detector was measured first: it always answers, and was wrong on
a third of the files of 1 to 300 sentences in 53 encodings and languages, where this asks, or is wrong on one in 36.)
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import DataError
from .letters import CANDIDATES, language_score

#: Larger text files are refused: parsing them would take the kernel's memory. Parquet has no such limit.
MAX_BYTES = 2 << 30
#: Legacy encodings are told apart on the first so many bytes; the whole file must then decode.
SAMPLE = 1 << 18
#: A legacy encoding's text must look this much like its language, and this many times more than the next candidate's.
CONFIDENT, MARGIN = 0.2, 1.8

# UTF-32's mark begins with UTF-16's: longest first.
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with a byte-order mark"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)


@dataclass(frozen=True)
class Decoded:
    """A file's text, the Python name of its encoding, and what to say about it (None for plain UTF-8)."""

    text: str
    encoding: str
    notice: str | None = None


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes. Raises DataError when it is empty, too large or cannot be read."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            gib = f"{size / 2**30:.1f} GiB"
            raise DataError(f"{path.name} has {gib}; text files are read up to 2.", "Convert it to Parquet, or cut it.")
        data = path.read_bytes()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise DataError(f"{path.name} cannot be read: {why}.", "Check the path and its permissions.") from None
    if not data.strip(b"\0 \t\r\n"):
        raise DataError(f"{path.name} is empty ({size} bytes).", "Choose a file with rows.")
    return data


def read_text(path: Path) -> Decoded:
    """Read a text file in whatever encoding. Raises DataError when the encoding is not certain."""
    return decode(read_bytes(path), path.name)


def decode(data: bytes, name: str) -> Decoded:
    """Decode a file's bytes; `name` stands in the notice and in errors."""
    found = _marked(data, name) or _unmarked_utf16(data, name) or _utf8(data, name) or _escaped(data, name)
    found = found or _legacy(data, name)
    if "\0" in found.text:
        line = found.text.count("\n", 0, found.text.index("\0")) + 1
        raise DataError(
            f"{name}:{line}: a NUL character: this is no text file, or it is damaged.", "Convert it to UTF-8 text."
        )
    return found


def _marked(data: bytes, name: str) -> Decoded | None:
    for mark, encoding, title in MARKS:
        if data.startswith(mark):
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError as error:
                raise _broken(data, name, title, error) from None
            return Decoded(text, encoding, None if encoding == "utf-8-sig" else f"{name} was read as {title}.")
    return None


def _unmarked_utf16(data: bytes, name: str) -> Decoded | None:
    """UTF-16 without its mark: NUL bytes, and line ends that are whole characters in one byte order only."""
    if b"\0" not in data[:SAMPLE] or len(data) % 2:
        return None
    for encoding, title in (("utf-16-le", "UTF-16 (little-endian)"), ("utf-16-be", "UTF-16 (big-endian)")):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _has_lines(text):
            return Decoded(text, encoding, f"{name} was read as {title}.")
    return None


def _has_lines(text: str) -> bool:
    """Say whether text has line feeds (or is JSON), and none of the characters that swapped line ends turn into."""
    lines = "\n" in text or text.lstrip()[:1] in ("[", "{")
    return lines and not re.search("[\0\u0a00\u0d00]", text) and re.search('[A-Za-z0-9,;:|"\t]', text) is not None


def _utf8(data: bytes, name: str) -> Decoded | None:
    if b"\x1b$" in data or b"\x1b(" in data:
        return None  # ISO-2022 is made of ASCII bytes: it would pass as UTF-8
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError as error:
        if _mostly_utf8(data):
            raise _broken(data, name, "UTF-8", error) from None
        return None


def _mostly_utf8(data: bytes) -> bool:
    """Say whether the bytes are UTF-8 with some foreign ones: legacy text hardly ever is valid UTF-8 by chance."""
    text = data[:SAMPLE].decode("utf-8", errors="replace")
    wide = sum(character > "\x7f" for character in text)
    wrong = text.count("\ufffd")
    return wide - wrong > wrong


def _broken(data: bytes, name: str, title: str, error: UnicodeDecodeError) -> DataError:
    line = data.count(b"\n", 0, error.start) + 1
    seen = data[error.start : error.start + 4].hex(" ")
    return DataError(
        f"{name}:{line}: the file is {title}, but these bytes are not: {seen}.",
        "Two encodings are mixed, or the file is cut: correct that line and save the file as UTF-8.",
    )


def _escaped(data: bytes, name: str) -> Decoded | None:
    if b"\x1b$" not in data and b"\x1b(" not in data:
        return None
    try:
        return Decoded(data.decode("iso2022_jp_2"), "iso2022_jp_2", f"{name} was read as ISO-2022-JP.")
    except UnicodeDecodeError:
        raise _unsure(name, []) from None


def _legacy(data: bytes, name: str) -> Decoded:
    """Choose among the legacy encodings by the languages they were made for."""
    scores: list[tuple[float, str, str]] = []
    sample = data[:SAMPLE].rsplit(b"\n", 1)[0] if len(data) > SAMPLE else data
    for encoding, title in CANDIDATES.items():
        try:
            scores.append((language_score(encoding, sample.decode(encoding)), encoding, title))
        except UnicodeDecodeError:
            continue
    scores.sort(reverse=True)
    if not scores or scores[0][0] < CONFIDENT or (len(scores) > 1 and scores[0][0] < MARGIN * scores[1][0]):
        raise _unsure(name, [title for score, _, title in scores[:3] if score > 0.05])
    _, encoding, title = scores[0]
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _broken(data, name, title, error) from None
    sample_word = re.search(r"\w{0,12}[^\x00-\x7f]\w{0,12}", text)
    seen = f", for example {sample_word[0].strip()!r}" if sample_word else ""
    return Decoded(text, encoding, f"{name} was read as {title}{seen}.")


def _unsure(name: str, titles: list[str]) -> DataError:
    maybe = f" (it may be {' or '.join(titles)})" if titles else ""
    return DataError(
        f"{name} is not UTF-8, and its encoding is not certain{maybe}.",
        f"Save it as UTF-8, for example: iconv -f GB18030 -t UTF-8 {name} > utf8-{name}",
    )
