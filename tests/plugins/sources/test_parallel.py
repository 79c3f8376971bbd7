"""Sentence pairs: two files, tabs, and translation memories that neither expand entities nor fetch anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from fmtools.core.contracts import Reading
from fmtools.core.errors import DataError
from fmtools.plugins.sources.parallel import ParallelSource
from fmtools.plugins.sources.text import TextSource

PAIRS = [{"source": "Hello", "target": "你好"}, {"source": "You", "target": "你"}]


def make(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content, encoding="utf-8")
    return folder


def rows(reference: object, **reading) -> list[dict[str, str]]:
    source = ParallelSource()
    data = source.load(reference, Reading(**reading))
    assert data.task == "translation"
    return next(iter(data.splits.values())).to_pylist()


def test_two_files_in_a_folder_or_by_name(tmp_path: Path) -> None:
    folder = make(tmp_path / "p", x__en="Hello\nYou\n", x__zh="你好\r\n你\r\n\r\n")
    for reference in (folder, f"{folder}/x.en,{folder}/x.zh", f"{folder}/x.en, x.zh"):
        assert ParallelSource().accepts(reference)
        assert rows(reference) == PAIRS
    assert rows(f"{folder}/x.zh,{folder}/x.en")[0] == {"source": "你好", "target": "Hello"}


def test_pairs_of_splits(tmp_path: Path) -> None:
    folder = make(tmp_path / "p", train__de="a\nb\n", train__en="c\nd\n", dev__de="e\n", dev__en="f\n", notes__md="x")
    data = ParallelSource().load(folder)
    assert data.rows == {"train": 2, "validation": 1}
    assert data.splits["validation"].to_pylist() == [{"source": "e", "target": "f"}]


def test_line_counts_that_differ_are_both_named(tmp_path: Path) -> None:
    folder = make(tmp_path / "p", x__en="Hello\nYou\nMore\n", x__zh="你好\n你\n")
    with pytest.raises(DataError, match=r"x\.en 3 lines and x\.zh 2 lines"):
        rows(folder)


def test_an_empty_side_is_dropped_or_stops(tmp_path: Path) -> None:
    folder = make(tmp_path / "p", x__en="Hello\n\nYou\n", x__zh="你好\n空\n你\n")
    data = ParallelSource().load(folder)
    assert data.splits["all"].to_pylist() == PAIRS
    assert [(drop.file, drop.line) for drop in data.drops] == [("x.en", 2)]
    with pytest.raises(DataError, match=r"x\.en:2: the first of the pairs with an empty side"):
        rows(folder, on_error="stop")


def test_tabs(tmp_path: Path) -> None:
    lines = "".join(f"Go {n} home.\tVa {n} là-bas.\tCC-BY {n}\n" for n in range(20))
    make(tmp_path, fra__txt=lines, x__tsv="en\tzh\nHello\t你好\nno tab\nYou\t你\n", plain__txt="a\nb\n")
    assert ParallelSource().accepts(tmp_path / "fra.txt")
    assert not TextSource().accepts(tmp_path / "fra.txt")
    assert not ParallelSource().accepts(tmp_path / "plain.txt")
    assert rows(tmp_path / "fra.txt")[3] == {"source": "Go 3 home.", "target": "Va 3 là-bas."}
    data = ParallelSource().load(tmp_path / "x.tsv")
    assert data.splits["all"].to_pylist() == PAIRS
    assert [drop.line for drop in data.drops] == [3]


UNIT = '<tu><tuv xml:lang="{0}"><seg>{1}</seg></tuv><tuv xml:lang="{2}"><seg>{3}</seg></tuv></tu>\n'
HEAD = '<?xml version="1.0" encoding="{0}"?>\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n<tmx><header srclang="en"/><body>\n'
UNITS = (
    UNIT.format("zh", "你好", "EN", "Hello")
    + UNIT.format("en", 'Y<bpt i="1">&lt;b></bpt>ou', "zh", "你")
    + "</body></tmx>"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
def test_tmx(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "x.tmx").write_bytes((HEAD.format(encoding) + UNITS).encode(encoding))
    assert rows(tmp_path / "x.tmx") == PAIRS


def test_tmx_names_lines_and_languages(tmp_path: Path) -> None:
    lonely = '<tu><tuv xml:lang="en"><seg>alone</seg></tuv></tu>\n'
    text = HEAD.format("utf-8") + lonely + UNITS.replace("</body>", UNIT.format("en", "x", "fr", "y") + "</body>")
    (tmp_path / "x.tmx").write_text(text, encoding="utf-8")
    data = ParallelSource().load(tmp_path / "x.tmx")
    assert data.splits["all"].to_pylist() == PAIRS
    assert [drop.line for drop in data.drops] == [4, 7]
    assert "source: en, target: zh; also there, not read: fr." in data.notices


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('<!DOCTYPE tmx [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><tmx>&b;</tmx>', "defines entities"),
        ('<!DOCTYPE tmx [<!ENTITY a SYSTEM "file:///etc/passwd">]><tmx><body>&a;</body></tmx>', "defines entities"),
        ("<tmx><body><tu>", r"x\.tmx:1: "),
        ("no xml", r"x\.tmx:1: "),
        ("<tmx></tmx>", "no translation units"),
    ],
)
def test_tmx_that_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.tmx").write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        rows(tmp_path / "x.tmx")
    assert caught.value.cure
