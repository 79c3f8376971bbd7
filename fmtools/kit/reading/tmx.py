"""Translation memories (TMX): read as a stream, with a parser that follows no entity and no address."""

from __future__ import annotations

import io
import re
from collections import Counter
from pathlib import Path
from typing import IO, Any
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler, feature_external_ges, feature_external_pes

from ...core.contracts import Reading
from ...core.errors import DataError
from .broken import Broken
from .gather import Gatherer, gathered
from .packed import open_bytes
from .tables import Rows
from .text_io import read_text
from .text_lines import LARGE

#: Markup inside a segment whose content is code of a word processor, not text.
_CODE = frozenset(("bpt", "ept", "it", "ph", "ut", "sub"))
ONE_SIDE, EMPTY_SIDE = "units without both languages", "pairs with an empty side"
#: The languages are chosen on so many units.
SEEN = 1_000


class _Units(ContentHandler):
    """Collects a unit's segments by language; hands each unit over when it ends."""

    def __init__(self, take: Any) -> None:
        super().__init__()
        self._take, self._locator_line = take, 1
        self.source = ""
        self._unit: dict[str, str] = {}
        self._language, self._parts, self._code = "", list[str](), 0
        self._in_segment = False

    def startElement(self, name: str, attrs: Any) -> None:
        if name == "header":
            self.source = attrs.get("srclang", "").lower()
        elif name == "tu":
            self._unit, self._locator_line = {}, self._locator.getLineNumber()  # type: ignore[attr-defined]
        elif name == "tuv":
            self._language = (attrs.get("xml:lang") or attrs.get("lang") or "").lower()
        elif name == "seg":
            self._in_segment, self._parts, self._code = True, [], 0
        elif self._in_segment:
            self._code += name in _CODE

    def endElement(self, name: str) -> None:
        if name == "seg":
            self._in_segment = False
            self._unit.setdefault(self._language, " ".join("".join(self._parts).split()))
        elif name == "tu":
            self._take(self._unit, self._locator_line, self.source)
        elif self._in_segment:
            self._code -= name in _CODE

    def characters(self, content: str) -> None:
        if self._in_segment and not self._code:
            self._parts.append(content)


class _Pairs:
    """Chooses the two languages on the first units, and makes rows of all."""

    def __init__(self, gatherer: Gatherer, broken: Broken) -> None:
        self._gatherer, self._broken = gatherer, broken
        self._waiting: list[tuple[dict[str, str], int]] = []
        self._languages: tuple[str, str] | None = None

    def take(self, unit: dict[str, str], line: int, source: str) -> None:
        if self._languages is not None:
            self._row(unit, line)
            return
        self._waiting.append((unit, line))
        if len(self._waiting) >= SEEN:
            self.choose(source)

    def choose(self, source: str) -> None:
        """Settle on the source (as the header says it, where it does) and the most frequent other language."""
        if self._languages is not None:
            return
        counts = Counter(language for unit, _ in self._waiting for language in unit)
        known = [language for language, _ in counts.most_common()]
        first = next((name for name in known if source and name.split("-")[0] == source.split("-")[0]), None)
        first = first or (next(iter(self._waiting[0][0]), "") if self._waiting else "")
        others = [name for name in known if name != first]
        self._languages = (first, others[0] if others else "")
        more = f"; also there, not read: {', '.join(others[1:6])}" if others[1:] else ""
        self._gatherer.notices.append(f"source: {first or '?'}, target: {self._languages[1] or '?'}{more}.")
        for unit, line in self._waiting:
            self._row(unit, line)
        self._waiting = []

    def _row(self, unit: dict[str, str], line: int) -> None:
        source, target = (unit.get(language) for language in self._languages or ("", ""))
        if source is None or target is None:
            self._broken.add(ONE_SIDE, line)
        elif not source or not target:
            self._broken.add(EMPTY_SIDE, line)
        else:
            self._gatherer.add({"source": source, "target": target}, len(source) + len(target))


def read_tmx(path: Path, reading: Reading) -> Rows:
    """Read one translation memory. Raises DataError with file and line for what is no TMX, and for entities."""
    broken = Broken(path.name, reading.on_error == "stop")
    with Gatherer(path.name, [], ("source", "target")) as gatherer:
        pairs = _Pairs(gatherer, broken)
        units = _Units(pairs.take)
        _parse(_stream(path, reading, gatherer.notices), units, path.name)
        pairs.choose(units.source)
    read = gatherer.count + broken.total
    if not read:
        raise DataError(f"{path.name} has no translation units (<tu>).", "Choose a TMX file.")
    broken.check(path.name, read)
    gatherer.notices += broken.notices(path.name)
    return gathered(gatherer, read, broken.counts, drops=broken.drops, task="translation")


def _stream(path: Path, reading: Reading, notices: list[str]) -> IO[bytes]:
    """Return UTF-8 bytes without a declaration that says otherwise; a large file as it is, for the parser to decode."""
    if path.stat().st_size > LARGE and not reading.encoding:
        return open_bytes(path)
    with open_bytes(path) as file:
        declared = re.search(rb"<\?xml[^>]*encoding=[\"']([\w.-]+)[\"']", file.read(200))
    encoding = reading.encoding or (declared[1].decode() if declared else "")
    decoded = read_text(path, encoding)
    notices += [decoded.notice] if decoded.notice and reading.encoding else []
    text = re.sub(
        r"^\s*<\?xml[^>]*\?>", lambda match: "\n" * match[0].count("\n"), decoded.text.lstrip("\ufeff"), count=1
    )
    return io.BytesIO(text.encode("utf-8", "replace"))


def _parse(stream: IO[bytes], units: _Units, name: str) -> None:
    from defusedxml import DefusedXmlException
    from defusedxml.sax import make_parser

    parser = make_parser()
    parser.setContentHandler(units)
    # Most files name their DTD: it is neither fetched nor an error. Entities are.
    parser.forbid_external = False
    parser.setFeature(feature_external_ges, False)
    parser.setFeature(feature_external_pes, False)
    try:
        with stream:
            parser.parse(stream)
    except DefusedXmlException:
        cause = f"{name} defines entities or asks for another file: it was not read."
        raise DataError(cause, "Remove its <!ENTITY ...> lines.") from None
    except SAXParseException as error:
        raise DataError(
            f"{name}:{error.getLineNumber()}: {error.getMessage()}.", "Correct the XML there; the file may be cut."
        ) from None
    except (SAXException, ValueError) as error:
        raise DataError(f"{name} cannot be read as XML: {error}.", "Choose a TMX file.") from None
