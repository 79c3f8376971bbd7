"""The record of what a worker saw: whole minutes, one model a window, nothing lost, nothing readable."""

from __future__ import annotations

import json
import os
from pathlib import Path

from fmtools.serving.sights import KEPT, LOOK, Sights
from fmtools.store import windows


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_020.0

    def __call__(self) -> float:
        return self.now


def test_a_window_is_written_when_its_minute_is_over_and_at_the_end(tmp_path: Path) -> None:
    clock = Clock()
    sights = Sights(str(tmp_path / "windows"), clock)
    sights.serves("first")
    sights.request(200, 0.004)
    sights.request(429, 0.001)
    sights.rows([{"text": "my own secret"}], [{"label": "spam", "score": 0.97}])
    sights.tick()
    assert windows.read(tmp_path / "windows") == ([], 0)
    clock.now += 60
    sights.tick()
    sights.tick()
    sights.request(500, 0.1)
    sights.flush()
    (one, two), damaged = windows.read(tmp_path / "windows")
    assert damaged == 0
    assert (one["t"], one["s"], one["model"]) == (1_000_020.0, 60.0, "first")
    assert (one["requests"], one["seconds"]) == ({"200": 1, "429": 1}, {"0.005": 1})
    assert one["tally"]["label"] == {"spam": 1}
    assert two["requests"] == {"500": 1}
    (path,) = (tmp_path / "windows").glob("*.jsonl")
    assert "secret" not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0


def test_another_model_begins_another_window(tmp_path: Path) -> None:
    sights = Sights(str(tmp_path), Clock())
    for model in ("first", "second"):
        sights.serves(model)
        sights.request(200, 0.01)
    sights.flush()
    assert [one["model"] for one in windows.read(tmp_path)[0]] == ["first", "second"]


def test_who_looks_need_not_wait_for_the_minute(tmp_path: Path) -> None:
    sights = Sights(str(tmp_path), Clock())
    sights.request(200, 0.01)
    windows.ask(tmp_path)
    os.utime(tmp_path / LOOK, ns=(1, 1))
    sights.tick()
    assert len(windows.read(tmp_path)[0]) == 1


def test_a_torn_line_spoils_itself_alone_and_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "windows"
    folder.write_text("")  # no folder can be made here: every write fails
    sights = Sights(str(folder), Clock())
    sights.request(200, 0.01)
    sights.flush()
    folder.unlink()
    sights.request(200, 0.01)
    sights.flush()
    (path,) = folder.glob("*.jsonl")
    path.write_bytes(path.read_bytes() + b'{"v": 1, "t": 12')
    sights.request(200, 0.01)
    sights.flush()
    found, damaged = windows.read(folder)
    assert [one["requests"] for one in found] == [{"200": 2}, {"200": 1}]
    assert damaged == 1


def test_old_records_go(tmp_path: Path) -> None:
    old = tmp_path / "20010101-1-1.jsonl"
    old.write_text("{}\n")
    os.utime(old, (1, 1))
    sights = Sights(str(tmp_path), lambda: KEPT * 86_400 + 1000.0)
    sights.request(200, 0.01)
    sights.flush()
    assert not old.exists()
    assert json.loads(next(tmp_path.glob("*.jsonl")).read_text())["v"] == 1
