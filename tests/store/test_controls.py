"""Wishes reach the worker once, in order, and damaged ones not at all."""

from __future__ import annotations

import stat
import time
from pathlib import Path

from fmtools.core.events import Control
from fmtools.store.controls import ControlReader, add, names


def test_each_wish_is_read_once_and_in_order(tmp_path: Path) -> None:
    reader = ControlReader(tmp_path)
    for value in (0.1, 0.2, 0.3):
        add(tmp_path, Control(action="set_learning_rate", value=value, by="lab"))
        time.sleep(0.002)  # ids sort by the millisecond
    assert [wish.value for wish in reader.read()] == [0.1, 0.2, 0.3]
    assert reader.read() == []
    add(tmp_path, Control(action="stop"))
    assert [wish.action for wish in reader.read()] == ["stop"]


def test_wishes_of_an_earlier_attempt_are_not_obeyed(tmp_path: Path) -> None:
    add(tmp_path, Control(action="stop"))
    assert ControlReader(tmp_path).read() == []
    obeyed = names(tmp_path)
    add(tmp_path, Control(action="pause"))
    assert [wish.action for wish in ControlReader(tmp_path, obeyed).read()] == ["pause"]
    assert len(ControlReader(tmp_path, ()).read()) == 2


def test_damaged_and_half_written_wishes_are_none(tmp_path: Path) -> None:
    reader = ControlReader(tmp_path)
    for name, text in (("a.json", ""), ("b.json", '{"action": "explode"}'), ("c.json", '{"action": "stop", "x": 1}')):
        (tmp_path / "control" / name).write_text(text)
    (tmp_path / "control" / ".tmp-x.json-1-A").write_text('{"action": "stop"}')
    assert reader.read() == []


def test_wishes_are_private(tmp_path: Path) -> None:
    path = tmp_path / "control" / f"{add(tmp_path, Control(action='pause'))}.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
