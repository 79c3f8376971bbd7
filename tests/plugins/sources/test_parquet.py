from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from fmtools.core.errors import DataError
from fmtools.plugins.sources import parquet as source
from fmtools.plugins.sources.arrow import ArrowSource
from fmtools.plugins.sources.parquet import ParquetSource

TABLE = pa.table({"text": ["你好", "b", None], "label": [1, 0, 1]})


def load(path: Path):
    source = next(source for source in (ParquetSource(), ArrowSource()) if source.accepts(path))
    return source.load(path)


def write(path: Path, table: pa.Table = TABLE) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    elif path.suffix == ".feather":
        pyarrow.feather.write_feather(table, path)
    else:
        opener = pa.ipc.new_stream if "stream" in path.name else pa.ipc.new_file
        with pa.OSFile(str(path), "wb") as sink, opener(sink, table.schema) as writer:
            writer.write_table(table)
    return path


@pytest.mark.parametrize("name", ["a.parquet", "a.feather", "a.arrow", "stream.arrow"])
def test_every_format_comes_back(tmp_path: Path, name: str) -> None:
    data = load(write(tmp_path / name))
    assert data.splits["all"].equals(TABLE)
    assert data.read == 3


def test_types_become_plain(tmp_path: Path) -> None:
    table = pa.table(
        {
            "text": pa.array(["a", "b"], pa.large_string()),
            "label": pa.array(["x", "y"]).dictionary_encode(),
            "__index_level_0__": [0, 1],
        }
    )
    data = load(write(tmp_path / "a.parquet", table))
    assert data.splits["all"].schema == pa.schema({"text": pa.string(), "label": pa.string()})


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "stream.arrow", "a.feather"])
def test_cut_files_are_refused_at_every_length(tmp_path: Path, name: str) -> None:
    whole = write(tmp_path / name).read_bytes()
    path = tmp_path / f"cut-{name}"
    wrong = []
    for length in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:length])
        try:
            data = load(path)
        except DataError as error:
            if path.name not in error.cause and "rows" not in error.cause:
                wrong.append((length, error.cause))
            continue
        if not data.splits["all"].equals(TABLE):  # a stream without its end mark is whole
            wrong.append((length, "other rows"))
    assert wrong == []


def test_no_rows(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no rows"):
        load(write(tmp_path / "a.parquet", TABLE.slice(0, 0)))


def test_a_bomb_is_refused_before_it_unfolds(tmp_path: Path, monkeypatch) -> None:
    path = write(tmp_path / "a.parquet", pa.table({"text": ["x" * 1000 + str(n) for n in range(1000)]}))
    monkeypatch.setattr(source, "MAX_UNFOLDED", 100_000)
    with pytest.raises(DataError, match="unfolds to"):
        load(path)


def test_numbered_files_of_a_split_are_joined(tmp_path: Path) -> None:
    write(tmp_path / "train-00000-of-00002.parquet")
    write(tmp_path / "train-00001-of-00002.parquet")
    write(tmp_path / "test.parquet")
    assert load(tmp_path).rows == {"train": 6, "test": 3}


def test_parts_that_differ_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "train-00000-of-00002.parquet")
    write(tmp_path / "train-00001-of-00002.parquet", pa.table({"other": [1]}))
    with pytest.raises(DataError, match="differ in their columns"):
        load(tmp_path)
