"""Sheets: real files written by openpyxl; splits by sheet, whole numbers, bombs and damage."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest

from fmtools.core.contracts import Reading
from fmtools.core.errors import DataError
from fmtools.plugins.sources.excel import ExcelSource


def write(path: Path, **sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


HEADER = ["text", "label", "score"]


def test_values_keep_their_kind(tmp_path: Path) -> None:
    path = write(tmp_path / "x.xlsx", One=[HEADER, ["好", 1, 0.5], [], ["b", 2, 1], [None, 3, None], ["007", 4, 2]])
    data = ExcelSource().load(path)
    assert data.splits["all"].to_pydict() == {
        "text": ["好", "b", None, "007"],
        "label": [1, 2, 3, 4],
        "score": [0.5, 1, None, 2],
    }
    assert data.read == 4


def test_splits_by_sheet_and_the_first_sheet_aloud(tmp_path: Path) -> None:
    rows = [HEADER, ["a", 1, 1], ["b", 0, 1]]
    data = ExcelSource().load(write(tmp_path / "x.xlsx", Train=rows, Dev=rows[:2], notes=[["x"]]))
    assert data.rows == {"train": 2, "validation": 1}
    assert data.notices[-1] == "Splits by sheet: train 2, validation 1; not read: 'notes'."
    data = ExcelSource().load(write(tmp_path / "y.xlsx", empty=[], reviews=rows, more=rows))
    assert data.rows == {"all": 2}
    assert "the sheet 'reviews' was read; not read: 'empty', 'more'" in data.notices[0]


def test_broken_rows_are_named_by_their_row(tmp_path: Path) -> None:
    path = write(tmp_path / "x.xlsx", One=[HEADER[:2], ["a", 1], ["b", 2, "more"], ["c", 3]])
    data = ExcelSource().load(path)
    assert [(drop.file, drop.line) for drop in data.drops] == [("x.xlsx", 3)] or data.columns[-1] == "column_3"
    data = ExcelSource().load(path, Reading(columns=("a", "b", "c")))
    assert data.read == 4


def test_damage_and_bombs_are_refused(tmp_path: Path) -> None:
    whole = write(tmp_path / "x.xlsx", One=[HEADER, ["a", 1, 1]]).read_bytes()
    path = tmp_path / "cut.xlsx"
    for length in range(0, len(whole) - 1, 97):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"cut\.xlsx"):
            ExcelSource().load(path)
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (64 << 20))
    with pytest.raises(DataError, match=r"bomb\.xlsx unfolds to 64 MiB"):
        ExcelSource().load(tmp_path / "bomb.xlsx")


def test_no_rows(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no sheet with rows"):
        ExcelSource().load(write(tmp_path / "x.xlsx", One=[]))
