"""Packed files: what is in them, and what is wrong with them, without unfolding a bomb."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from pathlib import Path

import pytest

from fmtools.core.errors import DataError
from fmtools.kit.reading import packed
from fmtools.kit.reading.packed import inner_name, open_bytes

PACKERS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name.replace("__", "."), data)
    return path


def content(path: Path) -> bytes:
    with open_bytes(path) as file:
        return file.read()


@pytest.mark.parametrize("ending", PACKERS)
def test_what_is_packed_comes_back(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"x.csv{ending}"
    path.write_bytes(PACKERS[ending](b"text" * 10_000))
    assert inner_name(path) == "x.csv"
    assert content(path) == b"text" * 10_000


def test_one_file_in_a_zip(tmp_path: Path) -> None:
    path = archive(tmp_path / "any.zip", rows__csv=b"a,b")
    assert (inner_name(path), content(path)) == ("rows.csv", b"a,b")


@pytest.mark.parametrize("ending", PACKERS)
def test_damage_is_a_sentence_at_every_length(tmp_path: Path, ending: str) -> None:
    whole = PACKERS[ending](bytes(range(256)) * 20)
    path = tmp_path / f"x.txt{ending}"
    for length in range(1, len(whole) - 1, 37):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=rf"x\.txt\{ending} cannot be"):
            content(path)


@pytest.mark.parametrize("ending", [*PACKERS, ".zip"])
def test_a_bomb_is_stopped_at_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    monkeypatch.setattr(packed, "ALWAYS_ALLOWED", 1 << 20)
    path = tmp_path / f"x.txt{ending}"
    if ending == ".zip":
        archive(path, x__txt=bytes(30 << 20))
    else:
        path.write_bytes(PACKERS[ending](bytes(30 << 20)))
    with pytest.raises(DataError, match="unfolds to more than") as caught:
        content(path)
    assert caught.value.cure


def test_a_zip_of_several_or_no_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds 2 files \(a\.csv, b\.csv\)"):
        content(archive(tmp_path / "two.zip", a__csv=b"1", b__csv=b"2"))
    with pytest.raises(DataError, match="holds 0 files"):
        content(archive(tmp_path / "none.zip"))
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04")
    with pytest.raises(DataError, match=r"bad\.zip cannot be unpacked"):
        content(tmp_path / "bad.zip")


def test_a_locked_zip_says_so(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", x__csv=b"a,b\n1,2\n")
    data = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1  # the flag of an encrypted member
    path.write_bytes(data)
    with pytest.raises(DataError, match="locked with a password"):
        content(path)
