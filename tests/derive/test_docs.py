"""The reference pages on the disk are what the options say, and drift is found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fmtools.core.options import VERBS, flag
from fmtools.derive import docs


def test_the_committed_pages_are_right() -> None:
    assert docs.drift(docs.FOLDER) == "", "run `python -m fmtools.derive.docs`"


def test_every_option_stands_in_its_page() -> None:
    pages = docs.pages()
    assert set(pages) == {"README.md", *(f"{verb}.md" for verb in VERBS)}
    for verb, cls in VERBS.items():
        assert all(f"| `{flag(name)}`" in pages[f"{verb}.md"] for name in cls.model_fields)
        assert f"[{verb}]({verb}.md)" in pages["README.md"]


def test_drift_is_shown_and_repaired(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    docs.write(tmp_path)
    assert docs.main(["--check"], tmp_path) == 0
    page = tmp_path / "train.md"
    page.write_text(page.read_text().replace("`--epochs`", "`--passes`"))
    (tmp_path / "gone.md").write_text("an old verb\n")
    assert docs.main(["--check"], tmp_path) == 1
    shown = capsys.readouterr().out
    assert "-| `--passes`" in shown
    assert "+| `--epochs`" in shown
    assert "-an old verb" in shown
    assert docs.main([], tmp_path) == 0
    assert docs.main(["--check"], tmp_path) == 0


def test_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "fmtools.derive.docs", "--check"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
