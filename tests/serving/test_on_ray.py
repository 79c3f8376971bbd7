"""Replicas on Ray Serve keep what a plain server promises. One cluster of its own serves the whole file."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

import fmtools
from fmtools.api.serve import Served
from fmtools.core.errors import FmError, OptionError, WorkerError
from fmtools.runtime import serve_on_ray
from fmtools.serving.load import BROKEN, Load
from support import until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        importlib.util.find_spec("ray") is None or bool(serve_on_ray._missing()),
        reason="Ray Serve is not installed: pip install 'fmtools[ray-serve]'",
    ),
]
TEXTS = ["a text of some words", "another one", "and a third, a little longer than the others are", "four"]


@pytest.fixture(scope="module")
def served(shared_store: Path, classifier: Path) -> Iterator[Served]:
    """Two replicas of the tiny classifier, on a cluster made for them."""
    found = fmtools.serve(str(classifier), name="twice", on="ray", workers=2, queue=64, body=0.06)
    assert isinstance(found, Served)
    yield found
    found.stop()


@pytest.fixture
def http(served: Served) -> Iterator[httpx.Client]:
    heads = {"Authorization": f"Bearer {served.token}"}
    with httpx.Client(base_url=served.url, headers=heads, timeout=60, trust_env=False) as client:
        yield client


def workers(served: Served) -> list[int]:
    """Return the processes of the replicas that are ready."""
    state = json.loads((served.path / "state.json").read_text())
    return [one["pid"] for one in state["workers"] if one["ready"]]


def test_two_replicas_answer_what_a_plain_server_answers(
    served: Served, http: httpx.Client, classifier: Path, start: Any
) -> None:
    plain = start(classifier)
    for text in TEXTS:
        assert http.post("/predict", json={"text": text, "top": 5}).json() == plain.predict(text, top=5).json()
    until(lambda: len(set(workers(served))) == 2)
    load = Load(served.url, served.token, [{"text": text} for text in TEXTS])

    async def ask() -> None:
        await load.clients(8, 2.0)
        await load.close()

    asyncio.run(ask())
    assert {status for _, status, _ in load.answers} == {200}
    for pid in workers(served):  # each of them has answered
        (counted,) = (served.path / "meters").glob(f"counter_*-{pid}.db")
        assert b'"/predict"' in counted.read_bytes()
    # Counts of both replicas stand in what any of them says.
    total = sum(1 for _, status, _ in load.answers if status == 200) + len(TEXTS)
    assert f'fmtools_requests_total{{code="200",route="/predict"}} {total}.0' in http.get("/metrics").text


def test_who_may_ask_and_what_refusals_say(http: httpx.Client) -> None:
    assert http.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert http.get("/metrics", headers={"Host": "evil.example"}).status_code == 421
    assert http.post("/predict", json={"text": "a" * 80_000}).status_code == 413
    assert http.post("/predict", json={"texts": "a"}).status_code == 422
    late = http.post("/predict", json={"text": ["word " * 100] * 8}, headers={"X-Request-Deadline": "0.001"})
    assert late.status_code == 504
    assert late.json()["error"]["id"] == late.headers["X-Request-Id"]


def test_more_than_the_queue_holds_is_refused_by_the_replica(served: Served, http: httpx.Client) -> None:
    async def storm() -> list[httpx.Response]:
        heads = dict(http.headers)
        async with httpx.AsyncClient(base_url=served.url, headers=heads, timeout=60, trust_env=False) as client:
            body = {"text": ["word " * 120] * 60}
            return await asyncio.gather(*(client.post("/predict", json=body) for _ in range(16)))

    answers = asyncio.run(storm())
    statuses = {answer.status_code for answer in answers}
    assert 200 in statuses
    assert 429 in statuses, statuses
    assert statuses <= {200, 429, 504}
    assert all(int(one.headers["Retry-After"]) >= 1 for one in answers if one.status_code == 429)


def test_nothing_listens_beyond_this_machine(served: Served) -> None:
    found = psutil.Process(served.pid).children(recursive=True)
    assert any("ServeReplica" in process.name() for process in found)
    for process in found:
        for connection in process.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN:
                assert connection.laddr.ip.removeprefix("::ffff:") in ("127.0.0.1", "::1"), process.name()


def test_a_killed_replica_is_replaced_and_the_other_one_answers(served: Served, http: httpx.Client) -> None:
    before = set(workers(served))
    first = http.post("/predict", json={"text": TEXTS[0]}).json()
    os.kill(min(before), signal.SIGKILL)
    answers = []
    end = time.monotonic() + 180
    while not (len(set(workers(served)) - before) == 1 and len(workers(served)) == 2) and time.monotonic() < end:
        answers.append(http.post("/predict", json={"text": TEXTS[0]}))
        time.sleep(0.05)
    assert set(workers(served)) - before
    assert served.facts()["restarts"] >= 1
    assert sum(answer.status_code != 200 for answer in answers) <= 1  # one that it had in its hands
    assert all(answer.json() == first for answer in answers if answer.status_code == 200)
    assert http.post("/predict", json={"text": TEXTS[0]}).json() == first


def test_another_model_is_taken_in_by_all_replicas(served: Served, classifier: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(classifier, other)
    card = (other / "fmtools.json").read_text()
    (other / "fmtools.json").write_text(card.replace('"O"', '"OTHER"'))
    row = served.predict(TEXTS[0], top=9)[0]
    assert "O" in {one["label"] for one in row["top"]}
    fmtools.serve(str(other), replace="twice")
    for _ in range(8):
        assert "OTHER" in {one["label"] for one in served.predict(TEXTS[0], top=9)[0]["top"]}
    fmtools.serve(str(classifier), replace="twice")


def test_the_end_under_load_answers_what_was_accepted(served: Served) -> None:
    assert [(one.name, one.status) for one in fmtools.serve(list=True).rows] == [("twice", "running")]  # type: ignore[union-attr]
    children = {process.pid for process in psutil.Process(served.pid).children(recursive=True)}
    load = Load(served.url, served.token, [{"text": TEXTS[0]}])

    async def end() -> float:
        asking = asyncio.create_task(load.at_rate(20, 3.0))
        await asyncio.sleep(1.0)
        at = time.perf_counter()
        await asyncio.to_thread(fmtools.serve, stop="twice")
        await asking
        await load.close()
        return at

    at = asyncio.run(end())
    assert {status for began, status, _ in load.answers if began < at} <= {200, 503}
    assert {status for began, status, _ in load.answers if began >= at} <= {200, 503, BROKEN}
    assert served.status == "stopped"
    until(lambda: not any(psutil.pid_exists(pid) for pid in children), 60, 0.2)
    seen = [path.read_text().split() for path in (served.path / "windows").glob("*.jsonl")]
    assert len(seen) >= 2  # what each replica saw, for %fm_monitor
    with pytest.raises(FmError, match="is stopped"):
        served.predict("a text")


def test_mistakes_are_one_sentence(
    store: Path, classifier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OptionError, match="--on takes ray or ray://HOST:PORT"):
        fmtools.serve(str(classifier), on="http://example.org")
    with pytest.raises(OptionError, match="On Ray no texts are kept"):
        fmtools.serve(str(classifier), on="ray", keep_sample=5)
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    with pytest.raises(OptionError, match="is used with a token only"):
        fmtools.serve(str(classifier), on="ray://127.0.0.1:1")
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    with pytest.raises(WorkerError, match="No Ray cluster answers"):
        fmtools.serve(str(classifier), on="ray://127.0.0.1:1")
    monkeypatch.setattr(serve_on_ray, "_installed", lambda name: name != "aiohttp_cors")
    with pytest.raises(OptionError, match=r"needs aiohttp_cors") as said:
        fmtools.serve(str(classifier), on="ray")
    assert "fmtools[serve,ray-serve]" in said.value.cure
