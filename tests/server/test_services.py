"""Model servers in the lab's list: a real one is counted, stopped and started again over HTTP."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from fmtools.server.rates import Rates
from fmtools.store.files import new_id
from fmtools.store.services import ServiceFolder, ServiceRecord
from support import until

TEXTS = ["a text", "another one", "and a third"]


@pytest.mark.slow
async def test_a_server_is_listed_counted_stopped_and_started_again(ask: Any, jp_fetch: Any, service: Any) -> None:
    async def row() -> dict[str, Any]:
        _, body, _ = await ask("services")
        assert service.token not in json.dumps(body)
        return dict(body["services"][0])

    async def wish(action: str) -> tuple[int, Any]:
        more = {"method": "POST", "body": json.dumps({"action": action}), "request_timeout": 30}
        code, body, _ = await ask("services", service.id, "control", **more)
        assert str(service.path) not in json.dumps(body)
        return code, body

    first = await row()
    assert (first["status"], first["answers"], first["requests"]) == ("running", True, 0)
    assert first["fields"] == ["text"]
    for text in TEXTS:
        asked = {"method": "POST", "body": json.dumps({"text": text}), "headers": {"Content-Type": "application/json"}}
        await jp_fetch("fmtools", "serve", service.id, "predict", **asked)
    counted = await row()
    assert counted["requests"] == 3
    assert 3 / 60 <= counted["per_second"] <= 30
    assert 0 < counted["latency_p50_ms"] <= counted["latency_p95_ms"] < 5000
    assert (await wish("pause"))[0] == 400
    assert (await wish("stop"))[0] == 202
    until(lambda: not service.alive())
    gone = await row()
    assert (gone["status"], gone["answers"], gone["per_second"]) == ("stopped", None, None)
    code, body = await wish("stop")
    assert (code, body["error"]) == (409, "The server is stopped: it does not run.")
    code, body = await wish("restart")
    assert (code, body["status"]) == (200, "running")
    again = await row()
    assert (again["answers"], again["requests"]) == (True, 0)
    os.kill(service.state["pid"], signal.SIGSTOP)  # its workers answer still; and one that hangs holds no list up
    for worker in service.state["workers"]:
        os.kill(worker["pid"], signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert (await row())["answers"] is False
        assert time.monotonic() - began < 5
    finally:
        for worker in service.state["workers"]:
            os.kill(worker["pid"], signal.SIGCONT)
        os.kill(service.state["pid"], signal.SIGCONT)


@pytest.mark.slow
async def test_an_encrypted_one_asks_for_its_key_and_a_damaged_one_hides_no_other(ask: Any, store: Path) -> None:
    facts = {"artifact": "safe/onnx", "folder": str(store / "no such folder"), "created": time.time()}
    sealed, broken, missing = (ServiceRecord(id=new_id(), name=name, **facts) for name in ("safe", "torn", "lost"))
    made = [
        ServiceFolder.create(one, {"folder": one.folder, "sealed": one is sealed}, store)
        for one in (sealed, broken, missing)
    ]
    (made[1].path / "state.json").write_text("[]")

    async def restart(one: ServiceRecord) -> tuple[int, str]:
        more = {"method": "POST", "body": json.dumps({"action": "restart"}), "request_timeout": 30}
        code, answer, _ = await ask("services", one.id, "control", **more)
        return code, answer["error"]

    _, body, _ = await ask("services")
    assert {one["name"] for one in body["services"]} == {"safe", "lost"}
    code, sentence = await restart(sealed)
    assert (code, sentence) == (
        409, "Its model is encrypted: %fm_serve --restart safe --key-file FILE starts it again."
    )  # fmt: skip
    code, sentence = await restart(missing)
    assert code == 409
    assert "safe/onnx" in sentence
    assert str(store) not in sentence
    code, answer, _ = await ask("services", "0" * 26, "control", method="POST", body='{"action": "stop"}')
    assert (code, answer["error"]) == (404, "There is no such server.")


def _said(requests: int, slow: int = 0) -> str:
    """Return what a server says that has answered so many requests, `slow` of them within a second, the others at once."""
    route = 'route="/predict"'
    return (
        f'fmtools_requests_total{{code="200",{route}}} {requests}\n'
        f'fmtools_requests_total{{code="200",route="/metrics"}} 999\n'
        f'fmtools_request_seconds_bucket{{le="0.01",{route}}} {requests - slow}\n'
        f'fmtools_request_seconds_bucket{{le="1.0",{route}}} {requests}\n'
        f'fmtools_request_seconds_bucket{{le="+Inf",{route}}} {requests}\n'
    )


def test_rates_are_those_of_the_last_minute() -> None:
    rates, key = Rates(), ("a server", 1000.0)
    early = rates.take(key, _said(500), 5000.0, 1000.0)
    assert (early["requests"], early["per_second"]) == (500, None)  # nobody looked before: of lately nothing is known
    for second in range(3, 121, 3):
        found = rates.take(key, _said(500 + 2 * second), 5000.0 + second, 1000.0)
        assert found["per_second"] == pytest.approx(2.0, rel=0.01)
        assert found["latency_p95_ms"] <= 10
    for second in range(123, 184, 3):
        found = rates.take(key, _said(740 + 4 * (second - 120), slow=4 * (second - 120)), 5000.0 + second, 1000.0)
    assert found["per_second"] == pytest.approx(4.0, rel=0.05)
    assert found["latency_p50_ms"] > 10  # of a minute in which all were slow; over its whole life most were quick
    calm = [rates.take(key, _said(1000, slow=260), 5200.0 + second, 1000.0) for second in range(0, 120, 5)][-1]
    assert (calm["per_second"], calm["latency_p95_ms"]) == (0.0, None)
    assert rates.take(key, _said(1001), 9000.0, 1000.0)["per_second"] is None
    fresh = rates.take(("a server", 9001.0), _said(6), 9004.0, 9001.0)
    assert fresh["per_second"] == 2.0  # a server that has just begun: counted from its beginning
