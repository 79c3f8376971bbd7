"""Text files line by line, however large: small ones are decoded whole, large ones as a stream in bounded memory."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...core.errors import DataError
from .packed import open_bytes
from .text_io import Decoded, broken_bytes, decode, nul_at, refuse_empty

#: Files above so many bytes are read as a stream, and their rows kept on the disk.
LARGE = 64 << 20
#: The encoding of a large file is found out on its first so many bytes; the rest must then decode.
HEAD = 1 << 20
#: Large files without lines are read in pieces of so many characters.
CHUNK = 1 << 20
#: The longest line of a large file, in characters.
MAX_LINE = 64 << 20


@dataclass
class TextFile:
    """A text file whose encoding is known. `head`: its first characters (all of them when it is not large)."""

    path: Path
    encoding: str
    head: str
    large: bool
    notices: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.path.name

    def lines(self, newline: str | None = "\n") -> Iterator[str]:
        """Give the lines with their ends. `newline` as in `open`: by default only line feeds end a line.

        Raises DataError with file and line for bytes that are not in the file's encoding, and for NUL characters.
        """
        return self._streamed(newline) if self.large else iter(io.StringIO(self.head, newline=newline))

    def chunks(self) -> Iterator[str]:
        """Give the text in pieces, for formats without lines. Raises DataError as `lines` does."""
        if not self.large:
            yield self.head
            return
        with io.TextIOWrapper(open_bytes(self.path), self.encoding, newline="\n") as reader:
            number = 0
            while True:
                try:
                    text = reader.read(CHUNK)
                except UnicodeDecodeError as error:
                    raise broken_bytes(error.object, self.name, self.encoding, error, before=number) from None
                if not text:
                    return
                if "\0" in text:
                    raise nul_at(self.name, number + text.count("\n", 0, text.index("\0")) + 1)
                number += text.count("\n")
                yield text

    def _streamed(self, newline: str | None) -> Iterator[str]:
        with io.TextIOWrapper(open_bytes(self.path), self.encoding, newline=newline) as reader:
            number = 0
            while True:
                try:
                    line = reader.readline(MAX_LINE)
                except UnicodeDecodeError as error:
                    raise broken_bytes(error.object, self.name, self.encoding, error, before=number) from None
                if not line:
                    return
                number += 1
                self._check(line, number)
                yield line if number > 1 else line.removeprefix("\ufeff")

    def _check(self, line: str, number: int) -> None:
        if "\0" in line:
            raise nul_at(self.name, number)
        if len(line) >= MAX_LINE:
            cause = f"{self.name}:{number}: a line has more than {MAX_LINE >> 20} million characters."
            raise DataError(cause, "Is it the format that its ending says?")


def open_text(path: Path, encoding: str = "") -> TextFile:
    """Find out a text file's encoding, or check the one asked for. Raises DataError when it is empty or not certain."""
    try:
        with open_bytes(path) as file:
            data = file.read(LARGE + 1)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise DataError(f"{path.name} cannot be read: {why}.", "Check the path and its permissions.") from None
    refuse_empty(data, path)
    if len(data) <= LARGE:
        found = decode(data, path.name, encoding)
        return TextFile(path, found.encoding, found.text, False, [found.notice] if found.notice else [])
    found = _of_head(data[:HEAD], path.name, encoding)
    return TextFile(path, found.encoding, found.text, True, [found.notice] if found.notice else [])


def _of_head(data: bytes, name: str, encoding: str) -> Decoded:
    """Decode the beginning of a file. It may end within a character: it is cut after its last line feed."""
    wide = b"\0" in data
    step = 4 if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)) or "32" in encoding else 2
    if not wide:
        return decode(data[: data.rfind(b"\n") + 1] or data, name, encoding)
    ends = {"\n".encode(f"utf-{8 * step}-{order}") for order in ("le", "be")}
    whole = len(data) - len(data) % step
    cut = next((at + step for at in range(whole - step, 0, -step) if data[at : at + step] in ends), whole)
    return decode(data[:cut], name, encoding)
