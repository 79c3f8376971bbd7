"""Evaluate, save and extend asked for over HTTP, of a run that really trains."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support import at_step, records, train, until

WISHES: list[dict[str, Any]] = [
    {"action": "evaluate"},
    {"action": "extend", "value": 1},
    {"action": "save"},
    {"action": "stop"},
]


@pytest.mark.slow
async def test_a_run_obeys_the_server(ask: Any, tiny: Path, store: Path) -> None:
    run = train(tiny, epochs=30, background=True)
    at_step(run, 1)
    for wish in WISHES:
        code, body, _ = await ask("runs", run.id, "control", method="POST", body=json.dumps(wish))
        assert (code, list(body)) == (202, ["control_id"])
    until(lambda: run.status == "stopped", 120)
    made = [r for r in records(run) if r["type"] == "control"]
    assert [r["action"] for r in made] == [wish["action"] for wish in WISHES]
    _, body, _ = await ask("runs", run.id, "events")
    assert {mark["kind"] for mark in body["marks"]} >= {"evaluate", "extend", "save", "checkpoint"}
    assert (body["head"]["epochs"], body["head"]["total_steps"]) == (31.0, 31 * 11)
    assert next(p["step"] for p in body["points"] if p["series"] == "validation/accuracy") <= made[0]["step"]
    code, body, _ = await ask("runs", run.id, "control", method="POST", body='{"action": "extend", "value": 0}')
    assert code == 400
