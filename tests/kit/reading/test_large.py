"""Files above the bound are streamed into a mapped Arrow file: the same rows, the same account, the same errors."""

from __future__ import annotations

import gzip
import json
import os
import stat
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fmtools.core.contracts import Reading
from fmtools.core.errors import DataError
from fmtools.kit.reading import cache, gather, places, tables, text_lines
from fmtools.stages.data import load

ROWS = [{"text": f'第{n}行, a "quoted" text\nof two lines é', "label": f"class {n % 3}"} for n in range(3000)]


@pytest.fixture(autouse=True)
def small_bounds(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (text_lines, gather, places, tables):
        monkeypatch.setattr(module, "LARGE", 64 << 10)
    monkeypatch.setattr(text_lines, "HEAD", 8 << 10)
    monkeypatch.setattr(text_lines, "CHUNK", 5 << 10)
    monkeypatch.setattr(gather, "PART", 16 << 10)


def written(folder: Path, form: str, rows: list[dict[str, Any]] = ROWS, encoding: str = "utf-8") -> Path:
    path = folder / f"rows.{form}"
    if form == "jsonl":
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    elif form == "json":
        text = json.dumps(rows, ensure_ascii=False)
    elif form == "csv":
        quoted = ['"' + row["text"].replace('"', '""') + f'",{row["label"]}\n' for row in rows]
        text = "text,label\n" + "".join(quoted)
    else:
        text = "".join(row["text"].replace("\n", " ") + "\n" for row in rows)
    path.write_bytes(text.encode(encoding))
    assert path.stat().st_size > 64 << 10
    return path


@pytest.mark.parametrize("form", ["jsonl", "json", "csv"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "gb18030", "utf-32"])
def test_the_same_rows_come_back(tmp_path: Path, form: str, encoding: str) -> None:
    path = written(tmp_path, form, encoding=encoding)
    data = load(path)
    assert data.splits["all"].to_pylist() == ROWS
    assert (data.read, data.dropped) == (3000, {})
    assert len(data.splits["all"]["text"].chunks) > 3
    assert any("was read as" in notice for notice in data.notices) == (not encoding.startswith("utf-8"))
    if encoding != "utf-16-be":
        assert load(path, reading=Reading(encoding=encoding)).splits["all"].to_pylist() == ROWS


def test_text_and_packed_text(tmp_path: Path) -> None:
    path = written(tmp_path, "txt")
    expected = [row["text"].replace("\n", " ") for row in ROWS]
    assert load(path).splits["all"]["text"].to_pylist() == expected
    (tmp_path / "packed.txt.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert load(tmp_path / "packed.txt.gz").splits["all"]["text"].to_pylist() == expected


def test_the_second_load_reads_the_kept_table(tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "jsonl", [*ROWS, {"text": "x"}])
    with path.open("a") as file:
        file.write("broken\n")
    first = load(path)
    monkeypatch.setattr("fmtools.plugins.sources.jsonl.open_text", None)  # nothing is read again
    again = load(path)
    assert again.splits["all"].equals(first.splits["all"])
    assert (again.read, again.dropped, again.drops, again.notices) == (
        first.read,
        first.dropped,
        first.drops,
        first.notices,
    )
    assert again.drops[0].line == 3002
    kept = sorted((store / "cache").iterdir())
    assert [entry.suffix for entry in kept] == [".arrow", ".json"]
    assert stat.S_IMODE((store / "cache").stat().st_mode) == 0o700
    assert {stat.S_IMODE(entry.stat().st_mode) for entry in kept} == {0o600}


def test_a_change_of_the_file_or_of_the_reading_is_another_table(tmp_path: Path, store: Path) -> None:
    path = written(tmp_path, "csv")
    assert load(path).read == 3000
    with path.open("a") as file:
        file.write("one more,row\n")
    assert load(path).read == 3001
    assert load(path, reading=Reading(columns=("a", "b"))).columns == ["a", "b"]
    assert len(list((store / "cache").glob("*.arrow"))) == 1  # of one file, the last


def test_kinds_that_change_on_the_way(tmp_path: Path) -> None:
    filler = {"text": "x" * 200}
    rows = [
        {**filler, "n": 1, "only": None, "tags": []},
        *[filler] * 400,
        {**filler, "n": 2.5, "only": "late", "tags": ["a"], "mixed": 1, "deep": {"a": 1}},
        *[filler] * 400,
        {**filler, "mixed": "two", "deep": {"b": [1]}, "new": True},
    ]
    data = load(written(tmp_path, "jsonl", rows))
    found = data.splits["all"].to_pylist()
    assert [found[0]["n"], found[401]["n"]] == [1.0, 2.5]
    assert [found[0]["tags"], found[401]["tags"], found[401]["only"]] == [[], ["a"], "late"]
    assert [found[401]["mixed"], found[-1]["mixed"]] == ["1", "two"]
    assert [found[401]["deep"], found[-1]["deep"]] == [{"a": 1, "b": None}, {"a": None, "b": [1]}]
    assert "rows.jsonl: column 'mixed' mixes kinds of values: read as text." in data.notices


def test_a_split_column_of_a_large_table(tmp_path: Path, store: Path) -> None:
    rows = [{**row, "split": ("train", "test", "train")[n % 3]} for n, row in enumerate(ROWS)]
    data = load(written(tmp_path, "jsonl", rows))
    assert data.splits["test"].to_pylist() == ROWS[1::3]
    assert data.splits["train"].to_pylist() == [row for n, row in enumerate(ROWS) if n % 3 != 1]
    assert len(list((store / "cache").iterdir())) == 2  # the files of the splits are gone, their maps are not


def test_parquet_and_arrow(tmp_path: Path) -> None:
    table = pa.Table.from_pylist(ROWS)
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=500)
    with pa.OSFile(str(tmp_path / "x.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, 500)
    for name in ("x.parquet", "x.arrow"):
        assert load(tmp_path / name).splits["all"].to_pylist() == ROWS


@pytest.mark.parametrize(
    ("form", "line", "put", "message"),
    [
        ("jsonl", 2500, b"caf\xe9\n", r"rows\.jsonl:2500: .*bytes are not: e9"),
        ("jsonl", 2500, b"a\0b\n", r"rows\.jsonl:2500: a NUL"),
        ("txt", 2900, b"\xff\n", r"rows\.txt:2900: "),
        ("json", 1, b"", r"rows\.json:1: "),
    ],
)
def test_errors_deep_in_a_file_name_their_line(
    tmp_path: Path, store: Path, form: str, line: int, put: bytes, message: str
) -> None:
    path = written(tmp_path, form)
    lines = path.read_bytes().split(b"\n")
    if put:
        lines.insert(line - 1, put.rstrip(b"\n"))
    else:
        lines[0] = lines[0][:-100]
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(DataError, match=message):
        load(path)
    assert list((store / "cache").glob("*")) == []  # nothing half-written stays


def test_a_broken_row_stops_where_asked(tmp_path: Path) -> None:
    path = written(tmp_path, "csv", [*ROWS[:2000], {"text": "open", "label": 'x" y'}, *ROWS[2000:]])
    data = load(path)
    assert data.read == 3001
    path.write_text(path.read_text(encoding="utf-8") + "too,many,fields\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"rows\.csv:\d+: the first of the rows with too many fields"):
        load(path, reading=Reading(on_error="stop"))


def test_unused_tables_go(tmp_path: Path, store: Path) -> None:
    load(written(tmp_path, "jsonl"))
    for path in (store / "cache").iterdir():
        os.utime(path, (0, path.stat().st_mtime - cache.KEPT - 60))
    (tmp_path / "other").mkdir()
    load(written(tmp_path / "other", "csv"))
    assert len(list((store / "cache").glob("*.arrow"))) == 1
