"""The events that tell clients to fetch: soon, not too many, and also when a worker dies."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from fmtools.server.follow import RunBook
from fmtools.server.watch import SCHEMA, Watch
from fmtools.store import lease
from fmtools.store.log import LogWriter
from fmtools.views.listing import summary_texts

STATUS = {"type": "status", "status": "running", "from_step": 0}
WORKER = (
    "import sys, time\nfrom pathlib import Path\nfrom fmtools.store import lease\n"
    "lease.claim(Path(sys.argv[1])); print('claimed', flush=True); time.sleep(60)"
)


def step(n: int) -> dict[str, Any]:
    return {"type": "step", "step": n, "epoch": 0.1, "loss": 0.5, "learning_rate": 0.1}


async def until(events: list[dict[str, Any]], wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    for _ in range(1000):
        for event in events:
            if wanted(event):
                return event
        await asyncio.sleep(0.01)
    raise AssertionError(f"not heard; heard {events}")


async def test_a_run_appears_grows_and_ends(jp_serverapp: Any, make_run: Any) -> None:
    heard = await listen_to(jp_serverapp)
    await asyncio.sleep(0.6)  # the watch has seen the empty store
    run = make_run()
    event = await until(heard, lambda e: e["run_id"] == run.id)
    assert (event["last_seq"], event["status"]) == (0, "queued")
    lease.claim(run.path)
    writer = LogWriter(run.events, 1, 1)
    writer.append(STATUS)
    await until(heard, lambda e: e["last_seq"] == 1 and e["status"] == "running")
    delays = []
    for n in range(2, 8):
        await asyncio.sleep(0.15)
        before = time.monotonic()
        writer.append(step(n))
        event = await until(heard, lambda e, n=n: e["last_seq"] == n)
        delays.append(event["at"] - before)
    assert sorted(delays)[len(delays) // 2] < 0.5
    writer.append({"type": "status", "status": "done"})
    writer.close()
    assert (await until(heard, lambda e: e["status"] == "done"))["last_seq"] == 8


async def listen_to(serverapp: Any) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []

    async def listen(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        events.append({**data, "at": time.monotonic()})

    serverapp.event_logger.add_listener(schema_id=SCHEMA, listener=listen)
    return events


async def test_a_flood_is_at_most_ten_events_a_second_and_the_last_point_is_told(
    jp_serverapp: Any, make_run: Any
) -> None:
    heard = await listen_to(jp_serverapp)
    run = make_run([STATUS])
    lease.claim(run.path)
    writer, start, n = LogWriter(run.events, 1, 2), time.monotonic(), 0
    while time.monotonic() - start < 1.5:
        n += 1
        writer.append(step(n))
        if n % 50 == 0:
            await asyncio.sleep(0)
    writer.close()
    await until(heard, lambda e: e["last_seq"] == n + 1)
    took = heard[-1]["at"] - start
    assert n > 1000
    assert 3 <= len(heard) <= took * 10 + 2


async def test_a_killed_worker_is_told_as_interrupted(jp_serverapp: Any, make_run: Any) -> None:
    heard = await listen_to(jp_serverapp)
    run = make_run([STATUS, step(1)])
    with subprocess.Popen([sys.executable, "-c", WORKER, str(run.path)], stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        await asyncio.to_thread(worker.stdout.readline)
        await until(heard, lambda e: e["status"] == "running")
        worker.kill()
        killed = time.monotonic()
        event = await until(heard, lambda e: e["status"] == "interrupted")
    assert event["at"] - killed < 5
    assert event["last_seq"] == 2


async def test_a_resumed_run_is_taken_up_again(jp_serverapp: Any, make_run: Any, append: Any) -> None:
    run = make_run([STATUS, step(1), {"type": "status", "status": "stopped"}])
    with subprocess.Popen([sys.executable, "-c", "pass"]) as dead:
        lease.claim(run.path, dead.pid)
    heard = await listen_to(jp_serverapp)
    await asyncio.sleep(1.5)
    heard.clear()
    lease.claim(run.path)
    append(run, [{**STATUS, "from_step": 1}], attempt=2, first_seq=4)
    assert (await until(heard, lambda e: e["status"] == "running"))["last_seq"] == 4


async def test_the_event_reaches_the_websocket(jp_ws_fetch: Any, jp_serverapp: Any, make_run: Any) -> None:
    socket = await jp_ws_fetch("api", "events", "subscribe")
    await asyncio.sleep(0.5)
    run = make_run([STATUS])
    while True:
        message = json.loads(await asyncio.wait_for(socket.read_message(), 10))
        if message.get("schema_id") == SCHEMA:
            break
    assert (message["run_id"], message["status"]) == (run.id, "running")
    socket.close()


class Silence:
    """An event bus and loop for a watch that is driven by hand."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Any]] = []

    def add_callback(self, call: Any, run_id: str, facts: Any) -> None:
        self.said.append((run_id, facts))


def test_idle_looks_are_cheap_and_silent(store: Any, make_run: Any, capsys: Any) -> None:
    for _ in range(300):
        leave_dead_lease(make_run([STATUS, {"type": "status", "status": "done"}]))
    bus = Silence()
    book = RunBook(store)
    summary_texts(store, book.index)
    watch = Watch(book, bus, bus)  # type: ignore[arg-type]
    watch.look(0.0)
    before = time.process_time()
    for i in range(1, 101):
        watch.look(i * 0.25)
    cost = (time.process_time() - before) / 25.0
    with capsys.disabled():
        print(f"\nwatch with 300 ended runs: {cost * 100:.2f} % of one core")
    assert bus.said == []
    assert cost < 0.1


def leave_dead_lease(run: Any) -> None:
    """Claim a run for a process that is gone: pids above the system's limit belong to nobody."""
    facts = {"attempt": 1, "pid": 2**22 + 1, "started": "1", "host": lease.host_key(), "machine": "here"}
    (run.path / "lease-0001.json").write_text(json.dumps(facts))
