"""Lists of runs: what is cached is never older than what lies on the disk."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from fmtools.store import lease
from fmtools.store.index import Index
from fmtools.store.runs import RunRecord, new_run_id
from fmtools.views import listing
from fmtools.views.listing import summaries, summary_texts

STATUS = {"type": "status", "status": "running", "from_step": 0}
DONE = {"type": "status", "status": "done"}


def step(n: int, loss: Any = 0.5) -> dict[str, Any]:
    return {"type": "step", "step": n, "epoch": 0.1, "loss": loss, "learning_rate": 0.1}


def dead(run: Any, attempt: int = 1) -> None:
    """Leave the lease of a process that is gone; the pid is above what the system gives."""
    facts = {"attempt": attempt, "pid": 2**22 + 1, "started": "1", "host": lease.host_key(), "machine": "here"}
    (run.path / f"lease-{attempt:04d}.json").write_text(json.dumps(facts))


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the runs whose log was read."""
    made: list[str] = []
    real = listing._make
    monkeypatch.setattr(listing, "_make", lambda run_id, root: made.append(run_id) or real(run_id, root))
    return made


def test_ended_runs_are_read_once(make_run: Any, store: Path, count: list[str]) -> None:
    run = make_run([STATUS, step(1, "NaN"), DONE])
    dead(run)
    first, second = summaries(store), summaries(store)
    assert first[0].model_dump_json() == second[0].model_dump_json()
    assert (first[0].head.status, len(first[0].spark)) == ("done", 1)
    assert count == [run.id]


def test_live_runs_are_read_each_time(make_run: Any, store: Path, count: list[str], append: Any) -> None:
    run = make_run([STATUS, step(1)])
    lease.claim(run.path)
    assert summaries(store)[0].head.status == "running"
    append(run, [step(2)], first_seq=3)
    assert summaries(store)[0].head.step == 2
    assert count == [run.id] * 2


def test_a_resumed_run_is_read_again(make_run: Any, store: Path, append: Any) -> None:
    run = make_run([STATUS, step(1), {"type": "status", "status": "stopped"}])
    dead(run)
    assert summaries(store)[0].head.status == "stopped"
    lease.claim(run.path)
    append(run, [{**STATUS, "from_step": 1}, step(2)], attempt=2, first_seq=4)
    assert (summaries(store)[0].head.status, summaries(store)[0].head.step) == ("running", 2)


def test_a_worker_elsewhere_that_was_thought_dead_is_seen_again(make_run: Any, store: Path, append: Any) -> None:
    run = make_run([STATUS, step(1)])
    dead(run)
    path = run.path / "lease-0001.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "host": "elsewhere"}))
    past = time.time() - 100
    os.utime(path, (past, past))
    assert summaries(store)[0].head.status == "interrupted"
    append(run, [step(2)], first_seq=3)
    lease.beat(run.path, 1)
    assert (summaries(store)[0].head.status, summaries(store)[0].head.step) == ("running", 2)


def test_limit_and_order(make_run: Any, store: Path) -> None:
    ids = sorted((make_run([DONE]).id for _ in range(5)), reverse=True)
    assert [row.head.id for row in summaries(store, 3)] == ids[:3]
    assert [row.head.id for row in summaries(store)] == ids


def test_deleted_runs_leave_the_index(make_run: Any, store: Path) -> None:
    kept, gone = make_run([DONE]), make_run([DONE])
    dead(kept)
    dead(gone)
    summaries(store)
    shutil.rmtree(gone.path)
    assert [row.head.id for row in summaries(store)] == [kept.id]
    assert list(Index(store).all()) == [kept.id]


def test_a_damaged_text_in_the_index_is_made_again(make_run: Any, store: Path) -> None:
    run = make_run([DONE])
    dead(run)
    summaries(store)
    index = Index(store)
    index.put(run.id, index.all()[run.id][0], '{"head": ')
    index.close()
    assert summaries(store)[0].head.status == "done"


def test_a_run_without_its_record_is_shown(make_run: Any, store: Path) -> None:
    run, newer = make_run([DONE]), make_run([DONE], schema_version=9)
    (run.path / "run.json").unlink()
    rows = {row.head.id: row.head for row in summaries(store)}
    assert rows[run.id].error == "Its run.json cannot be read."
    assert "newer fmtools" in rows[newer.id].error


@pytest.mark.slow
def test_ten_thousand_runs(make_run: Any, store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Print how long a list of 10,000 ended runs takes, made for the first time and from the index."""
    template = make_run([STATUS, *(step(n) for n in range(1, 60)), DONE])
    dead(template)
    record = template.record
    for _ in range(9_999):
        path = store / "runs" / new_run_id()
        path.mkdir()
        os.symlink(template.events, path / "events")  # the same log: what is timed is the list
        (path / "run.json").write_text(RunRecord(**{**record.model_dump(), "id": path.name}).model_dump_json())
        os.link(template.path / "lease-0001.json", path / "lease-0001.json")
    index = Index(store)
    start = time.perf_counter()
    texts = summary_texts(store, index)
    cold = time.perf_counter()
    summary_texts(store, index)
    warm = time.perf_counter()
    index.close()
    assert len(summaries(store)) == len(texts) == 10_000
    parsed = time.perf_counter()
    with capsys.disabled():
        print(
            f"\n10,000 runs: made in {cold - start:.1f} s, from the index in {(warm - cold) * 1e3:.0f} ms, "
            f"opened anew and parsed in {(parsed - warm) * 1e3:.0f} ms"
        )
