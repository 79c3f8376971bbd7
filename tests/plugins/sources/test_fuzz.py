"""Every reader against thousands of broken files: only a DataError, and every row that was read is kept or dropped.

A file is put together from pieces of its format and then damaged at random places. 10,000 inputs in all are the default
and run in CI; FMTOOLS_FUZZ says another number for each reader (`FMTOOLS_FUZZ=100000 pytest tests/plugins/sources/test_fuzz.py`).
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fmtools.core.contracts import Dataset, Reading, Source
from fmtools.core.errors import DataError
from fmtools.plugins.sources.arrow import ArrowSource
from fmtools.plugins.sources.conll import ConllSource
from fmtools.plugins.sources.csv import CsvSource
from fmtools.plugins.sources.excel import ExcelSource
from fmtools.plugins.sources.frame import FrameSource
from fmtools.plugins.sources.jsonl import JsonlSource
from fmtools.plugins.sources.parallel import ParallelSource
from fmtools.plugins.sources.parquet import ParquetSource
from fmtools.plugins.sources.squad import SquadSource
from fmtools.plugins.sources.text import TextSource

#: Ten readers: 10,000 inputs.
INPUTS = int(os.environ.get("FMTOOLS_FUZZ", "1000"))
fuzz = settings(
    max_examples=INPUTS,
    deadline=None,
    print_blob=True,
    database=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
pytestmark = pytest.mark.timeout(max(180, INPUTS // 10))

READINGS = st.sampled_from(
    [
        *[Reading()] * 8,
        *[Reading(on_error="stop")] * 2,
        Reading(encoding="utf-8"),
        Reading(encoding="gb18030", on_error="skip"),
        Reading(encoding="latin-1"),
        Reading(encoding="utf-16"),
        Reading(columns=("a", "b")),
    ]
)
#: What damages a file: where (as a share of its length), how many bytes go, and what comes in their place.
DAMAGE = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.integers(0, 6),
        st.sampled_from(
            [b"", b"\x00", b"\xff\xfe", b'"', b"\n", b"\r", b"\t", b"{", b"]", b"\xef\xbb\xbf", b"\x80", b" "]
        ),
    ),
    max_size=4,
) | st.just([])
ENCODINGS = st.sampled_from([*["utf-8"] * 8, "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "latin-1"])


def damaged(data: bytes, damage: list[tuple[float, int, bytes]]) -> bytes:
    for share, gone, put in damage:
        at = round(share * len(data))
        data = data[:at] + put + data[at + gone :]
    return data


def text_of(pieces: list[str], encoding: str, damage: list[tuple[float, int, bytes]]) -> bytes:
    return damaged("".join(pieces).encode(encoding, "ignore"), damage)


def files(pieces: list[str], size: int = 40) -> st.SearchStrategy[bytes]:
    """Texts made of pieces of a format, in an encoding, with damage."""
    return st.builds(text_of, st.lists(st.sampled_from(pieces), max_size=size), ENCODINGS, DAMAGE)


def accounted(source: Source, reference: Any, reading: Reading) -> None:
    """Load, and check what may come out: a data set with an account, or one sentence."""
    try:
        data = source.load(reference, reading)
    except DataError as error:
        told = error
    else:
        check(data, reading)
        return
    assert told.cause
    assert "\n" not in told.cause


def check(data: Dataset, reading: Reading) -> None:
    kept = sum(data.rows.values())
    assert kept > 0
    assert data.read == kept + sum(data.dropped.values())
    assert len(data.drops) == sum(data.dropped.values())
    assert reading.on_error == "skip" or not data.dropped
    for table in data.splits.values():
        table.validate(full=True)


@pytest.fixture
def try_bytes(tmp_path: Path) -> Callable[..., None]:
    def write_and_load(source: Source, name: str, data: bytes, reading: Reading) -> None:
        path = tmp_path / name
        path.write_bytes(data)
        source.accepts(str(path))
        accounted(source, path, reading)

    return write_and_load


CSV = [
    *["a,b\n", "good day,1\n", '"x, y",2\n', "你好,é\n", "c,d\r\n"] * 3, "text,label\n", "\n", '"two\nlines",3\n', "a,b,c\n", "a\n",
    ",\n", '"', '"open,1\n', '"a"b,1\n', ";", "\t", "sep=;\n", "\r",
]  # fmt: skip


@fuzz
@given(data=files(CSV, 20), reading=READINGS, ending=st.sampled_from(["csv", "tsv"]))
def test_csv(try_bytes, data: bytes, reading: Reading, ending: str) -> None:
    try_bytes(CsvSource(), f"x.{ending}", data, reading)


JSONL = [
    *['{"text": "a", "label": 1}\n', '{"text": "你好", "label": null}\n', '{"text": "b", "more": [1, {"x": 2.5}]}\n'] * 4,
    '{"messages": [{"role": "user", "content": "hi"}]}\n', '{"conversations": [{"from": "gpt", "value": 3}]}\n',
    '{"instruction": "x", "output": "y"}\n', '{"q": "x", "a": "y"}\n', '{"text": "\\ud800"}\n', '{"data": [{"a": 1}]}',
    '{"translation": {"en": "a", "fr": "b"}}\n', '{"context": "c", "question": "q", "answers": {"text": []}}\n', '{"text": "cut',
    '{"n": 1e999}\n', "[", "]", ",", "{", "}", '"q"', "null\n", "NaN", "12\n", "\n", "{}\n", "[" * 200,
]  # fmt: skip


@fuzz
@given(data=files(JSONL, 20), reading=READINGS, ending=st.sampled_from(["jsonl", "json"]))
def test_jsonl(try_bytes, data: bytes, reading: Reading, ending: str) -> None:
    try_bytes(JsonlSource(), f"x.{ending}", data, reading)


CONLL = [
    "EU NNP B-NP B-ORG\n", "a O\n", "a O\n", "b B-X\n", "c I-X\n", "d E-X\n", "e S-Y\n", "f U-Z\n", "京 L-LOC\n", "\n", "\r\n",
    "a\tO\n", "b\tB-X\n", "# note\n", "-DOCSTART- -X- O O\n", "word\n", " \n", "\tO\n", "token\ttag\n", "x Q\n", "B I\n",
]  # fmt: skip


@fuzz
@given(data=files(CONLL), reading=READINGS, ending=st.sampled_from(["conll", "txt"]))
def test_conll(try_bytes, data: bytes, reading: Reading, ending: str) -> None:
    try_bytes(ConllSource(), f"x.{ending}", data, reading)


TEXT = [
    "A line of text.\n",
    "\n",
    "\r\n",
    "\r",
    "你好，世界。",
    "é",
    "\t",
    "# Title\n",
    "\x0c",
    "\u2028",
    " ",
    "no end",
]


@fuzz
@given(data=files(TEXT), reading=READINGS, folder=st.booleans())
def test_text(try_bytes, tmp_path: Path, data: bytes, reading: Reading, folder: bool) -> None:
    if folder:
        (tmp_path / "f" / "pos").mkdir(parents=True, exist_ok=True)
        (tmp_path / "f" / "pos" / "1.txt").write_bytes(data)
        (tmp_path / "f" / "pos" / "2.txt").write_bytes(data[::2])
        assert TextSource().accepts(tmp_path / "f")
        accounted(TextSource(), tmp_path / "f", reading)
    else:
        try_bytes(TextSource(), "x.txt", data, reading)


SQUAD = [
    '{"data": [', '{"title": "T", "paragraphs": [', '{"context": "Bonn is a city.", "qas": [', '{"id": "1", "question": "What?", ',
    '"answers": [{"text": "city", "answer_start": 10}]}', '"answers": [{"text": "is", "answer_start": 0}]}',
    '"answers": [{"text": "Rome", "answer_start": -3}]}', '"is_impossible": true, "answers": []}', '"answers": 3}', ", ", "]}",
    "]}]}]}", "\n", "null", "[]", "{}", '"answers": [{"answer_start": "x"}, 4]}',
]  # fmt: skip
ENTRY = st.builds(
    lambda question, answer: {"id": "q", "question": question, **answer},
    st.sampled_from(["What?", "", None, 3]),
    st.sampled_from(
        [
            {"answers": [{"text": "city", "answer_start": 10}]},
            {"answers": [{"text": "is", "answer_start": 99}]},
            {"answers": [{"text": "Rome", "answer_start": 1}]},
            {"answers": [], "is_impossible": True},
            {"answers": "x"},
            {},
        ]
    ),
)
NESTED = st.builds(
    lambda context, entries: {"data": [{"title": "T", "paragraphs": [{"context": context, "qas": entries}, 3]}, None]},
    st.sampled_from(["Bonn is a city.", "", None]),
    st.lists(ENTRY, max_size=6),
)


@fuzz
@given(
    data=files(SQUAD) | st.builds(lambda whole, damage: damaged(json.dumps(whole).encode(), damage), NESTED, DAMAGE),
    reading=READINGS,
)
def test_squad(try_bytes, data: bytes, reading: Reading) -> None:
    try_bytes(SquadSource(), "x.json", data, reading)


TMX = [
    '<?xml version="1.0"?>', '<!DOCTYPE tmx SYSTEM "tmx14.dtd">', '<!DOCTYPE tmx [<!ENTITY a "b">]>', "<tmx>", "<body>", "<tu>",
    '<tuv xml:lang="en">', '<tuv xml:lang="zh">', "<seg>Hello &amp; you</seg></tuv>", "<seg>你好</seg></tuv>", "</tu>", "</body></tmx>",
    "<bpt>x</bpt>", "\n", "&a;", '<tu><tuv lang="en"><seg>A</seg></tuv><tuv lang="fr"><seg>B</seg></tuv></tu>',
]  # fmt: skip
WHOLE = st.builds(
    lambda units: '<tmx><header srclang="en"/><body>' + "".join(units) + "</body></tmx>",
    st.lists(st.sampled_from([TMX[-1], "<tu></tu>", '<tu><tuv xml:lang="en"><seg></seg></tuv></tu>']), max_size=8),
)
LINES = ["Hello there\n", "你好\n", "\n", "a\tb\n", "one\ttwo\tthree\n", "\r\n", "x", "en\tfr\n"]


@fuzz
@given(
    data=files(TMX)
    | st.builds(lambda whole, damage: damaged(whole.encode(), damage), WHOLE, DAMAGE)
    | files(LINES, 10),
    other=files(LINES, 10),
    reading=READINGS,
    form=st.sampled_from(["x.tmx", "x.tsv", "pair"]),
)
def test_parallel(try_bytes, tmp_path: Path, data: bytes, other: bytes, reading: Reading, form: str) -> None:
    if form != "pair":
        try_bytes(ParallelSource(), form, data, reading)
        return
    (tmp_path / "y.en").write_bytes(data)
    (tmp_path / "y.zh").write_bytes(other)
    accounted(ParallelSource(), f"{tmp_path}/y.en,{tmp_path}/y.zh", reading)


TABLE = pa.table({"text": ["你好", "b", None], "label": [1, 0, 1], "tags": [["a"], [], None]})


def written(write: Callable[[Any], None]) -> bytes:
    sink = io.BytesIO()
    write(sink)
    return sink.getvalue()


def as_stream(opener: Any) -> bytes:
    def write(sink: Any) -> None:
        with opener(sink, TABLE.schema) as writer:
            writer.write_table(TABLE)

    return written(write)


PARQUET = [
    written(lambda sink: pq.write_table(TABLE, sink)),
    written(lambda sink: pq.write_table(TABLE, sink, version="1.0")),
]
ARROW = [as_stream(pa.ipc.new_file), as_stream(pa.ipc.new_stream)]


@fuzz
@given(st.sampled_from(PARQUET), DAMAGE, READINGS)
def test_parquet(try_bytes, data: bytes, damage: list[tuple[float, int, bytes]], reading: Reading) -> None:
    try_bytes(ParquetSource(), "x.parquet", damaged(data, damage), reading)


@fuzz
@given(st.sampled_from(ARROW), DAMAGE, READINGS)
def test_arrow(try_bytes, data: bytes, damage: list[tuple[float, int, bytes]], reading: Reading) -> None:
    try_bytes(ArrowSource(), "x.arrow", damaged(data, damage), reading)


SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)
CELLS = [
    '<row r="1"><c r="A1" t="inlineStr"><is><t>text</t></is></c><c r="B1" t="inlineStr"><is><t>label</t></is></c></row>',
    '<row r="2"><c r="A2" t="inlineStr"><is><t>a</t></is></c><c r="B2"><v>1</v></c></row>', '<row r="3"><c r="A3"><v>x</v></c></row>',
    '<row r="4"><c r="D4" t="b"><v>1</v></c></row>', '<row r="9"/>', '<c r="ZZZ1"/>', '<row r="5"><c r="A5" t="e"><v>#N/A</v></c></row>',
]  # fmt: skip
PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="One" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
    'Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>'
    "</Relationships>",
}


def book(rows: list[str], inner: list[tuple[float, int, bytes]], outer: list[tuple[float, int, bytes]]) -> bytes:
    """A minimal .xlsx with these rows; the damage is within the sheet's XML, or in the archive."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, content in PARTS.items():
            archive.writestr(name, content)
        archive.writestr("xl/worksheets/sheet1.xml", damaged(SHEET.format("".join(rows)).encode(), inner))
    return damaged(sink.getvalue(), outer)


@fuzz
@given(
    st.builds(
        book, st.lists(st.sampled_from(CELLS), max_size=6).map(lambda rows: [*CELLS[:2], *rows]), DAMAGE, st.just([])
    )
    | st.builds(book, st.just(CELLS[:2]), st.just([]), DAMAGE),
    READINGS,
)
def test_excel(try_bytes, data: bytes, reading: Reading) -> None:
    try_bytes(ExcelSource(), "x.xlsx", data, reading)


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = (
    st.lists(
        st.dictionaries(st.sampled_from(["text", "label", "q", "a", "messages", "split"]), VALUES, max_size=4),
        max_size=5,
    )
    | st.dictionaries(st.sampled_from(["text", "label", "train", "test"]), st.lists(VALUES, max_size=4), max_size=3)
    | st.lists(st.tuples(VALUES, VALUES), max_size=4)
)


@fuzz
@given(OBJECTS, READINGS)
def test_frame(value: Any, reading: Reading) -> None:
    source = FrameSource()
    if source.accepts(value):
        accounted(source, value, reading)
