"""Protecting data: what stays, what goes, and what lies on the disk afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import fmtools
import support
from fmtools.core.errors import DataError, FmError, OptionError
from fmtools.runtime import launch
from fmtools.stages import protect as stage

FORM = "phone,mail,id,bank,address"
ROWS = [
    {"text": "call (415) 555-0123 or mail jane@mail.org", "label": "a"},
    {"text": "电话13812345678，再说一次：138 1234 5678", "label": "b"},
    {"text": "nothing in here", "label": "a"},
    {"text": None, "label": "b"},
]


@pytest.fixture
def here(store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Find in this process: the same finder without a worker's seconds of start."""

    def ask(verb: str, **job: Any) -> dict[str, Any]:
        assert verb == "find_personal"
        return stage.find(**job)

    monkeypatch.setattr(launch, "ask", ask)
    return store


def files(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_masking_keeps_rows_columns_and_everything_else(here: Path) -> None:
    done = fmtools.protect(ROWS, kinds=FORM, name="clean")
    rows = next(iter(done.splits.values())).to_pylist()
    assert rows[0] == {"text": "call [PHONE] or mail [MAIL]", "label": "a"}
    assert rows[1]["text"] == "电话[PHONE]，再说一次：[PHONE]"
    assert rows[2:] == ROWS[2:]
    assert done.version == "clean@v1"
    assert done.found == {"phone": 3, "mail": 1}
    assert next(iter(launch.load("clean").splits.values())).to_pylist() == rows
    assert not support.leftovers(here)


def test_the_audit_says_where_and_never_what(here: Path) -> None:
    done = fmtools.protect(ROWS, kinds=FORM)
    audit = done.audit.to_pylist()
    assert [(a["row"], a["column"], a["kind"], a["start"], a["length"]) for a in audit][:2] == [
        (0, "text", "phone", 5, 14),
        (0, "text", "mail", 28, 13),
    ]
    assert audit[2]["digest"] == audit[3]["digest"] != audit[0]["digest"]  # the same number, written in two ways
    shown = f"{done.to_json()}{done.text()}{done.html()}"
    for value in ("555-0123", "jane", "13812345678", "138 1234 5678"):
        assert value not in shown
        assert not [name for name, content in files(here).items() if value.encode() in content]


def test_dropping_leaves_such_rows_out_and_accounts_for_them(here: Path) -> None:
    done = fmtools.protect(ROWS, kinds=FORM, mode="drop", name="few")
    assert next(iter(done.splits.values()))["text"].to_pylist() == ["nothing in here", None]
    data = launch.load("few")
    assert data.dropped == {"holds personal data": 2}
    assert data.read == 4


def test_a_key_brings_everything_back_and_nothing_else_does(here: Path, tmp_path: Path) -> None:
    pytest.importorskip("faker")
    key = tmp_path / "k.key"
    table = pa.table(
        {
            "text": [row["text"] for row in ROWS],
            "tokens": [["mail", "a@b.org", "!"], ["x", "y"], [], None],
            "messages": [
                [{"role": "user", "content": "+1 415 555 0199"}],
                [],
                None,
                [{"role": "bot", "content": "ok"}],
            ],
            "phone": pa.array([13812345678, 13912345678, None, 15012345678]),
        }
    )
    done = fmtools.protect(table, kinds=FORM, mode="stand-in", keep_key=str(key), name="clean")
    new = next(iter(done.splits.values()))
    assert new["tokens"].to_pylist()[0][0::2] == ["mail", "!"]
    assert new["tokens"].to_pylist()[0][1].split("@")[1].startswith("example")
    assert new["messages"].to_pylist()[0][0]["content"].startswith("+1 ")
    assert not set(new["phone"].to_pylist()) & {"13812345678", "13912345678", "15012345678"}
    first, second = (
        part.replace(" ", "") for part in new["text"].to_pylist()[1].removeprefix("电话").split("，再说一次：")
    )
    assert first == second == new["phone"].to_pylist()[0]
    back = fmtools.protect("clean", restore=str(key))
    assert next(iter(back.splits.values())).equals(table)
    assert back.version == ""
    said = fmtools.protect("clean", restore=str(key), text=[f"I rang {first}."])
    assert said.texts == ["I rang 13812345678."]
    fmtools.protect(ROWS, kinds=FORM, keep_key=str(tmp_path / "other"))
    with pytest.raises(DataError, match="does not open"):
        fmtools.protect("clean", restore=str(tmp_path / "other"))
    assert key.read_bytes().strip() not in b"".join(files(here).values())


def test_mistakes_are_one_sentence_and_leave_nothing(here: Path, tmp_path: Path) -> None:
    for options in (
        {"mode": "drop", "keep_key": "k"},
        {"kinds": "nmae"},
        {"text": ["x"]},
        {"keep_key": str(here / "k.key")},
        {"only": "nowhere"},
    ):
        with pytest.raises(FmError):
            fmtools.protect(ROWS, **{"kinds": FORM, **options})
    (tmp_path / "k").write_text("no key")
    for word in (str(tmp_path / "k"), str(tmp_path / "none")):
        with pytest.raises(OptionError):
            fmtools.protect("clean", restore=word)
    with pytest.raises(DataError, match="No column"):
        fmtools.protect([{"n": 1}, {"n": 2}], kinds=FORM, keep_key=str(tmp_path / "new"))
    assert not (tmp_path / "new").exists()  # a key that opens nothing is not left behind
    assert not support.leftovers(here)


def test_an_error_of_a_library_shows_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ValueError("Anna Lee")

    monkeypatch.setattr(stage.detector, "find", broken)
    with pytest.raises(FmError) as error:
        stage.find(["Anna Lee"], ["name"])
    assert "Anna" not in str(error.value)
    assert error.value.__suppress_context__


@pytest.mark.fault
@pytest.mark.slow
def test_a_kill_in_the_middle_leaves_no_value_and_no_half_version(store: Path, tmp_path: Path) -> None:
    source = tmp_path / "source.csv"
    source.write_text("text\n" + "".join(f"call 138{n:08} now\n" for n in range(60_000)), encoding="utf-8")
    command = [sys.executable, "-c", PROTECT, str(source)]
    for delay in (0.0, 0.7, 1.5):
        process = subprocess.Popen(
            command, env={**os.environ, "TMPDIR": str(tmp_path)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        support.until(lambda: list((store / "protected").glob(".tmp-*")))
        time.sleep(delay)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        for name, content in files(tmp_path).items():
            assert name == str(source) or b"13800000" not in content, name
        assert not [
            path for path in (store / "datasets").rglob("dataset.json") if not (path.parent / "MANIFEST.json").exists()
        ]


PROTECT = """
import sys
from fmtools.runtime import launch
from fmtools.stages import protect
launch.ask = lambda verb, **job: protect.find(**job)
import fmtools
fmtools.protect(sys.argv[1], kinds="phone", name="big")
"""
