"""A run followed from its folder: what is alive, what is lost, where snapshots lie."""

from __future__ import annotations

import os
from typing import Any

import pytest

from fmtools.core.errors import StoreError
from fmtools.store import lease
from fmtools.store.log import LogWriter
from fmtools.views import follow
from fmtools.views.follow import Place, RunView

STATUS = {"type": "status", "status": "running", "from_step": 0}


def step(n: int) -> dict[str, Any]:
    return {"type": "step", "step": n, "epoch": 0.1, "loss": 0.5, "learning_rate": 0.1}


def test_update_says_whether_anything_changed(make_run: Any) -> None:
    run = make_run([STATUS])
    lease.claim(run.path)
    view = RunView(run)
    assert view.update()
    assert not view.update()
    assert not view.grew()
    writer = LogWriter(run.events, 1, 2)
    writer.append(step(1))
    assert view.grew()
    assert view.update()
    assert view.increment(1, 0).head.step == 1
    writer.close()


def test_a_long_log_is_read_in_pieces(make_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run([STATUS, *(step(n) for n in range(1, 301))])
    monkeypatch.setattr(follow, "PIECE", 500)
    view = RunView(run)
    view.update()
    assert view.reducer.series("loss")[0] == list(range(1, 301))


def test_lost_records_are_counted_and_a_line_being_written_is_not(make_run: Any, append: Any) -> None:
    run = make_run([STATUS, step(1)])
    first = next(run.events.glob("*.jsonl"))
    data = first.read_bytes()
    first.write_bytes(data.replace(b'"step":1,', b'"step":7,') + b'{"crc":"0123')
    view = RunView(run)
    lease.claim(run.path)
    view.update()
    assert (view.alive, view.lost) == (True, 1)
    append(run, [{**STATUS, "from_step": 0}], attempt=2, first_seq=3)
    view.update()
    assert view.lost == 2  # the writer of the first file is gone, and with it the end of its last line
    assert view.head().lost_records == 2


@pytest.mark.parametrize(
    "change",
    [
        {"file": "../../x.attention"},
        {"file": "/etc/passwd"},
        {"file": "0001-01J0000000000000000000000A.jsonl"},
        {"file": None},
        {"offset": -1},
        {"length": 33},
        {"length": 0},
        {"layers": 0},
        {"heads": "2"},
        {"offset": 2**70},
    ],
)
def test_an_implausible_place_is_none(make_run: Any, change: dict[str, Any]) -> None:
    name = "0001-01J0000000000000000000000A.attention"
    good = {"type": "attention", "step": 1, "probe": 0, "text": "x", "tokens": ["a"] * 4, "layers": 1, "heads": 2}
    good |= {"file": name, "offset": 0, "length": 32}
    run = make_run([good, {**good, **change}])
    (run.events / name).write_bytes(bytes(32))
    view = RunView(run)
    view.update()
    assert view.place(1) == Place(name, 0, 32, 1, 2)
    assert view.frame(1) == bytes(32)
    assert view.place(2) is None
    with pytest.raises(StoreError, match="no attention snapshot"):
        view.frame(2)
    os.truncate(run.events / name, 31)
    with pytest.raises(StoreError, match="not in the store"):
        view.frame(1)
