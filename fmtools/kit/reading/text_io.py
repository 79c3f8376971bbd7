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

from ...core.errors import DataError
from .codec_names import asked, misread
from .letters import CANDIDATES, language_score
from .packed import PACKED, open_bytes

#: Larger files that must be read as one text are refused: it would take the kernel's memory. Others: see `text_lines`.
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


#: Hardly anything is UTF-32 by chance; UTF-32, however, is UTF-16 with NULs between.
UNMARKED = {
    "utf-32-le": "UTF-32 (little-endian)",
    "utf-32-be": "UTF-32 (big-endian)",
    "utf-16-le": "UTF-16 (little-endian)",
    "utf-16-be": "UTF-16 (big-endian)",
}
#: First bytes of files that are no text: what they are, and the ending under which they can be read ("" = not at all).
MAGIC = {
    b"PAR1": ("a Parquet file", ".parquet"),
    b"ARROW1": ("an Arrow file", ".arrow"),
    b"PK\x03\x04": ("a zip archive or an Office file", ".zip or .xlsx"),
    b"\x1f\x8b\x08": ("packed with gzip", ".gz"),
    b"BZh9": ("packed with bzip2", ".bz2"),
    b"\xfd7zXZ\x00": ("packed with xz", ".xz"),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ("an old Office file", ".xls"),
    b"%PDF-": ("a PDF", ""),
    b"\x89PNG\r\n": ("a picture", ""),
    b"\xff\xd8\xff": ("a picture", ""),
    b"SQLite format 3\x00": ("a database", ""),
    b"\x7fELF": ("a program", ""),
}


@dataclass(frozen=True)
class Decoded:
    """A file's text, the Python name of its encoding, and what to say about it (None for plain UTF-8)."""

    text: str
    encoding: str
    notice: str | None = None


def read_bytes(path: Path, most: int | None = None) -> bytes:
    """Return a file's bytes, unpacked. Raises DataError when it is empty, larger than `most` or cannot be read."""
    most = MAX_BYTES if most is None else most
    try:
        size = path.stat().st_size
        if size <= most:
            with open_bytes(path) as file:
                data = file.read(most + 1)
            size = max(size, len(data)) if path.suffix.lower() in PACKED else len(data)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise DataError(f"{path.name} cannot be read: {why}.", "Check the path and its permissions.") from None
    if size > most:
        gib = f"{size / 2**30:.1f} GiB"
        cause = f"{path.name} has {gib}; files of its kind are read up to {most / 2**30:.0f}."
        raise DataError(cause, "Convert it to Parquet, or cut it.")
    refuse_empty(data, path)
    return data


def refuse_empty(data: bytes, path: Path) -> None:
    """Raise DataError when there is nothing but blanks."""
    if not data.strip(b"\0 \t\r\n"):
        raise DataError(f"{path.name} is empty ({len(data)} bytes).", "Choose a file with rows.")


def read_text(path: Path, encoding: str = "") -> Decoded:
    """Read a text file in whatever encoding, or in the one that was asked for. Raises DataError when it is not certain."""
    return decode(read_bytes(path), path.name, encoding)


def decode(data: bytes, name: str, encoding: str = "") -> Decoded:
    """Decode a file's bytes; `name` stands in the notice and in errors. `encoding`: asked for, found out when empty."""
    refuse_binary(data, name)
    found = _as_asked(data, name, encoding) if encoding else _found_out(data, name)
    if "\0" in found.text:
        raise nul_at(name, found.text.count("\n", 0, found.text.index("\0")) + 1)
    return found


def _rather(data: bytes, codec: str) -> str:
    """Return a doubt when the bytes look like text in another legacy encoding than the one asked for."""
    if codec.startswith("utf") or data[:SAMPLE].isascii():
        return ""
    try:
        found = _legacy(data[:SAMPLE].rsplit(b"\n", 1)[0], "")
    except DataError:
        return ""
    same = data[:4096].decode(found.encoding, "ignore") == data[:4096].decode(codec, "ignore")
    return (
        "" if same else f" It looks like {CANDIDATES[found.encoding]}: if characters look wrong, leave --encoding out."
    )


def _found_out(data: bytes, name: str) -> Decoded:
    found = _marked(data, name) or _unmarked(data, name) or _utf8(data, name) or _escaped(data, name)
    return found or _legacy(data, name)


def nul_at(name: str, line: int) -> DataError:
    """Word the error for a NUL character in a text."""
    return DataError(
        f"{name}:{line}: a NUL character: this is no text file, or it is damaged.", "Convert it to UTF-8 text."
    )


def refuse_binary(data: bytes, name: str) -> None:
    """Raise DataError when the first bytes are those of a well-known format that is no text."""
    for magic, (title, ending) in MAGIC.items():
        if data.startswith(magic):
            cure = f"Rename it to {Path(name).stem}{ending}." if ending else "Choose another file."
            raise DataError(f"{name} is {title}, not text.", cure)


def _as_asked(data: bytes, name: str, encoding: str) -> Decoded:
    """Decode with the codec that was asked for, or with the larger one of its family, said aloud."""
    codecs_, first = asked(encoding, name), None
    for codec in codecs_:
        try:
            text = data.decode(codec)
        except UnicodeError as error:
            first = first or error
            continue
        said = f"{name} was read as {encoding}, as asked."
        if codec != codecs_[0]:
            said = f"{name} was read as {codec}: {encoding} has not all of its characters."
        said += misread(data[:SAMPLE], text[:SAMPLE], codec) or _rather(data, codec)
        return Decoded(text.removeprefix("\ufeff"), codec, None if codec == "utf-8" else said)
    raise broken_bytes(data, name, encoding, first, asked_for=True)


def _marked(data: bytes, name: str) -> Decoded | None:
    for mark, encoding, title in MARKS:
        if data.startswith(mark):
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError as error:
                raise broken_bytes(data, name, title, error) from None
            return Decoded(text, encoding, None if encoding == "utf-8-sig" else f"{name} was read as {title}.")
    return None


def _unmarked(data: bytes, name: str) -> Decoded | None:
    """UTF-32 and UTF-16 without a mark: NUL bytes, and line ends that are whole characters in one byte order only."""
    if b"\0" not in data[:SAMPLE] or len(data) % 2:
        return None
    for encoding, title in UNMARKED.items():
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
            raise broken_bytes(data, name, "UTF-8", error) from None
        return None


def _mostly_utf8(data: bytes) -> bool:
    """Say whether the bytes are UTF-8 with some foreign ones: legacy text hardly ever is valid UTF-8 by chance."""
    text = data[:SAMPLE].decode("utf-8", errors="replace")
    wide = sum(character > "\x7f" for character in text)
    wrong = text.count("\ufffd")
    return wide - wrong > wrong


def broken_bytes(
    data: bytes, name: str, title: str, error: UnicodeError | None, before: int = 0, asked_for: bool = False
) -> DataError:
    """Word the error for bytes that do not fit; `before`: lines that stand before `data`."""
    start = error.start if isinstance(error, UnicodeDecodeError) else 0
    line = before + data.count(b"\n", 0, start) + 1
    seen = data[start : start + 4].hex(" ")
    if asked_for:
        return DataError(
            f"{name}:{line}: these bytes are not {title}: {seen}.",
            "Leave --encoding out to have it found, or name another.",
        )
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
        raise broken_bytes(data, name, title, error) from None
    sample_word = re.search(r"\w{0,12}[^\x00-\x7f]\w{0,12}", text)
    seen = f", for example {sample_word[0].strip()!r}" if sample_word else ""
    return Decoded(text, encoding, f"{name} was read as {title}{seen}.")


def _unsure(name: str, titles: list[str]) -> DataError:
    maybe = f" (it may be {' or '.join(titles)})" if titles else ""
    return DataError(
        f"{name} is not UTF-8, and its encoding is not certain{maybe}.",
        f"Save it as UTF-8, for example: iconv -f GB18030 -t UTF-8 {name} > utf8-{name}",
    )
