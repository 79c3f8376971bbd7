"""Plain text: paragraphs or lines of a file, files of a folder, sub-folders as splits and labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from fmtools.core.contracts import Reading
from fmtools.core.errors import DataError
from fmtools.plugins.sources.text import TextSource


def make(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def texts(path: Path, **reading) -> list[str]:
    return TextSource().load(path, Reading(**reading)).splits["all"]["text"].to_pylist()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("one\ntwo\n\n", ["one", "two"]),
        (
            "First line\nsecond line.\n\n  Next one.  \n\n\n\nLast",
            ["First line\nsecond line.", "  Next one.  ", "Last"],
        ),
        ("".join(f"{n}\n" for n in range(90)) + "\n90\n", [str(n) for n in range(91)]),
        ("a\r\nb\r\n", ["a", "b"]),
        ("a\rb", ["a", "b"]),
        ("\ufeffa\u2028b\n", ["a\u2028b"]),
    ],
)
def test_paragraphs_or_lines(tmp_path: Path, content: str, expected: list[str]) -> None:
    make(tmp_path, {"x.txt": content})
    assert texts(tmp_path / "x.txt") == expected
    notice = TextSource().load(tmp_path / "x.txt").notices[-1]
    assert f"{len(expected)} of them" in notice


def test_labels_and_splits_of_folders(tmp_path: Path) -> None:
    names = [f"{split}/{label}/{n}.txt" for split in ("train", "test") for label in ("pos", "neg") for n in range(2)]
    folder = make(tmp_path / "imdb", {**dict.fromkeys(names, "a film"), "train/unsup/9.txt": "no label", "README": "x"})
    assert TextSource().accepts(folder)
    data = TextSource().load(folder)
    assert data.rows == {"train": 4, "test": 4}
    assert data.splits["train"]["label"].to_pylist() == ["neg", "neg", "pos", "pos"]
    assert data.splits["train"]["file"].to_pylist()[0] == "neg/0.txt"
    assert (data.task, data.read, data.dropped) == ("text-classification", 9, {"texts without a label": 1})


def test_broken_files_of_a_folder_are_left_out_by_name_or_stop(tmp_path: Path) -> None:
    bad = {"news/sci/3": b"\xff\xfe\x00\xd8\x02", "news/sci/4": b"", "news/alt/5": "字".encode("gb18030") + b"\xff\xff"}
    folder = make(tmp_path, {"news/sci/1": "rockets", "news/sci/2": "moons", "news/alt/1": "gods", **bad}) / "news"
    data = TextSource().load(folder)
    assert data.splits["all"]["text"].to_pylist() == ["gods", "rockets", "moons"]
    assert data.read == 6
    assert sorted(drop.file for drop in data.drops) == ["alt/5", "sci/3", "sci/4"]
    assert any("alt/5: left out" in notice for notice in data.notices)
    with pytest.raises(DataError, match="alt/5: the first of the files that cannot be read"):
        TextSource().load(folder, Reading(on_error="stop"))


def test_a_folder_of_documents(tmp_path: Path) -> None:
    folder = make(tmp_path / "docs", {"a.txt": "One.\n\nTwo.", "b.md": "# B", "notes.pdf": b"%PDF-"})
    assert texts(folder) == ["One.\n\nTwo.", "# B"]


def test_files_named_after_splits(tmp_path: Path) -> None:
    folder = make(tmp_path / "wiki", {"wiki.train.txt": "a\nb\n", "wiki.valid.txt": "c\n"})
    assert TextSource().load(folder).rows == {"train": 2, "validation": 1}


def test_an_encoding_that_does_not_fit_names_the_line(tmp_path: Path) -> None:
    make(tmp_path, {"x.txt": "ok\n这家店".encode("gb18030")})
    assert texts(tmp_path / "x.txt", encoding="gbk") == ["ok", "这家店"]
    with pytest.raises(DataError, match=r"x\.txt:2: these bytes are not ascii"):
        texts(tmp_path / "x.txt", encoding="ascii")


@pytest.mark.parametrize("content", [b"", b" \n\n", b"%PDF-1.4", b"\x89PNG\r\n\x1a\n", bytes(range(256))])
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    make(tmp_path, {"x.txt": content})
    with pytest.raises(DataError, match=r"x\.txt") as caught:
        texts(tmp_path / "x.txt")
    assert caught.value.cure


def test_folders_without_texts_are_not_taken(tmp_path: Path) -> None:
    make(tmp_path, {"pictures/cat/1.png": b"x", "pictures/dog/2.png": b"x", "pictures/readme.md.bak": b"x"})
    assert not TextSource().accepts(tmp_path / "pictures")
