from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.evidence import BEGIN, END, PAGE, markdown, write
from benchmarks.figures import Aim, Figure
from benchmarks.machine import facts


def keep(folder: Path, name: str, *figures: Figure) -> None:
    told = {"name": name, "quick": False, "machine": facts(), "figures": [figure.to_json() for figure in figures]}
    (folder / f"{name}.json").write_text(json.dumps(told))


def test_results_become_rows(tmp_path: Path) -> None:
    keep(
        tmp_path,
        "streaming",
        Figure("ours / bare", [0.97, 0.98, 0.96], aim=Aim(">=", 0.97)),
        Figure("speed", [3.0], "s"),
    )
    keep(tmp_path, "resume-quick", Figure("quick", [1.0]))
    rows = [line for line in markdown(tmp_path).splitlines() if line.startswith("| ")]
    assert rows[1].startswith(
        "| ours / bare | 0.9700 | 0.9600 to 0.9800 | 3 | >= 0.97 | `python -m benchmarks streaming` |"
    )
    assert rows[2].startswith("| speed | 3.000 s |  | 1 |  |")
    assert len(rows) == 3


def test_a_missed_aim_is_said(tmp_path: Path) -> None:
    keep(tmp_path, "leaks", Figure("files", [2.0], aim=Aim("<=", 0)))
    assert "| <= 0 **missed** |" in markdown(tmp_path)


def test_only_the_part_between_the_marks_changes(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write(page, tmp_path)
    assert page.read_text() == f"before\n{BEGIN}\n\nNothing has been measured yet.\n\n{END}\nafter\n"
    page.write_text("no marks")
    with pytest.raises(ValueError, match="no marks"):
        write(page, tmp_path)


def test_the_page_has_its_marks() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.count(BEGIN) == text.count(END) == 1
