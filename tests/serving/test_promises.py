"""What the server promises: who may ask, what a refusal says, readiness, deadlines, drain, restart, reload."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from fmtools.serving.load import BROKEN, Load
from fmtools.serving.settings import Settings
from support import until

#: Statuses that a server under more than it can do may answer with.
ALLOWED = {200, 429, 503, 504}


@pytest.fixture
def server(classifier: Path, start: Callable[..., Any]) -> Any:
    return start(classifier, body_limit=20_000, rows=8)


def test_who_may_ask_and_what_refusals_say(server: Any) -> None:
    http = server.http
    open_routes = {
        path: httpx.get(http.base_url.join(path), trust_env=False).status_code for path in ("healthz", "readyz")
    }
    assert open_routes == {"healthz": 200, "readyz": 200}
    for path in ("/metrics", "/openapi.json", "/v2", "/v1/models", "/nowhere"):
        assert http.get(path, headers={"Authorization": "Bearer wrong"}).status_code == 401, path
    assert http.get("/metrics", headers={"Authorization": server.token}).status_code == 401  # no scheme
    assert http.get("/metrics", headers={"Host": "evil.example"}).status_code == 421
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"json": {"text": ["a", 1]}}, 422, "text"),
        ({"json": {"texts": "a"}}, 422, "texts"),
        ({"json": {"text": "a", "top": 0}}, 422, "top"),
        ({"json": {"text": ["a"] * 9}}, 422, "text"),
        ({"json": {"text": "a", "pair": "b"}}, 422, "pair"),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 422, ""),
        ({"content": b"\xff", "headers": {"Content-Type": "text/plain"}}, 422, "text"),
        ({"content": b"a", "headers": {"Content-Type": "image/png"}}, 415, ""),
        ({"json": {"text": "a"}, "headers": {"X-Request-Deadline": "soon"}}, 422, "x-request-deadline"),
        ({"json": {"text": "a" * 30_000}}, 413, ""),
        ({"content": iter([b"a" * 15_000] * 2), "headers": {"Content-Type": "text/plain"}}, 413, ""),
    ]
    for sent, status, field in cases:
        answer = http.post("/predict", **sent)
        error = answer.json()["error"]
        assert (answer.status_code, error.get("field", "")) == (status, field), (sent, error)
        assert error["id"] == answer.headers["X-Request-Id"]
        assert not re.search(r"Traceback|\.py|/tmp|/home|/work", answer.text)
    assert http.get("/predict").status_code == 405
    assert http.post("/predict", content="plain words", headers={"Content-Type": "text/plain"}).status_code == 200
    counted = http.get("/metrics").text
    assert 'fmtools_refusals_total{reason="token"}' in counted
    assert 'fmtools_requests_total{code="422",route="/predict"} 8.0' in counted


def test_not_ready_before_the_first_inference_and_a_bad_model_says_why(
    classifier: Path, tmp_path: Path, start: Callable[..., Any]
) -> None:
    early = start(classifier, ready=False)
    seen = set()

    def status() -> bool:
        try:
            seen.add((early.http.get("/healthz").status_code, early.http.get("/readyz").status_code))
        except httpx.TransportError:
            return False
        return (200, 200) in seen

    until(status)
    assert seen <= {(200, 503), (200, 200)}
    broken = tmp_path / "broken"
    shutil.copytree(classifier, broken)
    (broken / "onnx/model.onnx").write_bytes(b"no model")
    failed = start(broken)
    assert failed.process.wait(30) == 1
    assert failed.state["status"] == "failed"
    assert "onnxruntime cannot open model.onnx" in failed.state["message"]
    assert str(tmp_path) not in failed.state["message"]


def test_a_deadline_is_kept(server: Any) -> None:
    late = server.predict(["word " * 100] * 8, top=1)
    assert late.status_code == 200
    answer = server.http.post("/predict", json={"text": ["word " * 100] * 8}, headers={"X-Request-Deadline": "0.001"})
    assert answer.status_code == 504


def test_a_killed_worker_comes_back(server: Any) -> None:
    first = server.predict("before").json()
    victim = server.state["workers"][0]["pid"]
    os.kill(victim, signal.SIGKILL)
    server.http.close()  # its connection died with the worker; a new one waits until there is a worker again
    server.http = httpx.Client(base_url=server.http.base_url, headers=server.http.headers, timeout=60, trust_env=False)
    assert server.predict("before").json() == first
    until(lambda: server.state["restarts"] == 1)
    assert server.state["workers"][0]["pid"] != victim
    assert server.state["status"] == "running"
    assert 'fmtools_requests_total{code="200",route="/predict"} 2.0' in server.http.get("/metrics").text


def _load(server: Any, text: str = "a text of some words") -> Load:
    return Load(str(server.http.base_url), server.token, [{"text": text}])


def test_another_model_is_taken_in_without_a_failed_request(server: Any, classifier: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(classifier, other)
    card = (other / "fmtools.json").read_text()
    (other / "fmtools.json").write_text(card.replace('"O"', '"OTHER"'))
    source = server.folder / "settings.json"
    settings = Settings.read(source)
    load = _load(server)

    async def change() -> None:
        asking = asyncio.create_task(load.clients(3, 4.0))
        await asyncio.sleep(0.5)
        for folder in (other, tmp_path / "nothing", other):  # one that is not there is refused, and nobody notices
            Settings(**{**vars(settings), "folder": str(folder)}).write(source)
            await asyncio.sleep(1.1)
        await asking
        await load.close()

    asyncio.run(change())
    assert {status for _, status, _ in load.answers} == {200}
    names = {one["label"] for one in server.predict("a", top=9).json()["predictions"][0]["top"]}
    assert "OTHER" in names
    assert "O" not in names


def test_the_end_under_load_answers_what_was_accepted(server: Any) -> None:
    load = _load(server)

    async def end() -> float:
        asking = asyncio.create_task(load.at_rate(60, 2.5))
        await asyncio.sleep(1.0)
        at = time.perf_counter()
        server.process.send_signal(signal.SIGTERM)
        await asking
        await load.close()
        return at

    at = asyncio.run(end())
    assert server.process.wait(20) == 0
    before = [status for began, status, seconds in load.answers if began < at]
    after = {status for began, status, _ in load.answers if began >= at}
    assert before
    assert set(before) <= {200, 503}  # told so in words, or answered: no connection was dropped
    assert after <= {200, 503, BROKEN}  # told to go elsewhere; later there is nobody to connect to
    assert server.state["status"] == "stopped"


@pytest.mark.slow
def test_ten_times_more_than_it_can_do(classifier: Path, start: Callable[..., Any]) -> None:
    import psutil

    server = start(classifier, queue=8, deadline=2.0, workers=1)
    text = "word " * 120
    calm = _load(server, text)

    async def measure() -> None:
        await calm.clients(4, 2.0)
        await calm.close()

    asyncio.run(measure())
    capacity = calm.summary()["per_second"]
    worker = psutil.Process(server.state["workers"][0]["pid"])
    storm = _load(server, text)
    memory = []

    async def overload() -> None:
        for _ in range(3):
            await storm.at_rate(min(10 * capacity, 1500), 1.5)
            memory.append(worker.memory_info().rss)
        await storm.close()

    asyncio.run(overload())
    found = storm.summary()
    assert {int(status) for status in found["statuses"]} <= ALLOWED, found
    assert found["statuses"]["200"] > 0
    assert found["statuses"].get("429", 0) > 0, found
    assert found["ms"]["429"]["p50"] < 50, found
    assert memory[-1] < 1.1 * memory[0]
    assert server.predict("after the storm").status_code == 200
