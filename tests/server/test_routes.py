"""What each route answers."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fmtools.core.wire import Increment, RunList
from fmtools.store import lease
from fmtools.store.controls import ControlReader
from fmtools.store.log import LogReader

STATUS = {"type": "status", "status": "running", "from_step": 0}
GONE = "0" * 26


def step(n: int, loss: Any = 0.5) -> dict[str, Any]:
    return {"type": "step", "step": n, "epoch": 0.1, "loss": loss, "learning_rate": 0.1}


async def test_no_store_is_an_empty_list(ask: Any, store: Path) -> None:
    code, body, _ = await ask("runs")
    assert (code, body) == (200, {"runs": [], "home": str(store)})


async def test_list_newest_first_with_sparks(ask: Any, make_run: Any) -> None:
    old = make_run([STATUS, step(1), {"type": "status", "status": "done"}], name="old")
    new = make_run([STATUS, step(1, "NaN")], name="new")
    for _ in range(2):  # made, and from the index
        code, body, response = await ask("runs")
        assert code == 200
        rows = RunList.model_validate(body).runs
        assert [row.head.id for row in rows] == [new.id, old.id]
        assert rows[1].head.status == "done"
        assert body["runs"][0]["spark"] == ["NaN"]
        assert response.headers["Cache-Control"] == "no-store"


async def test_a_damaged_run_is_shown_and_hides_no_other(ask: Any, make_run: Any, store: Path) -> None:
    good, bad = make_run([STATUS]), make_run([STATUS])
    (bad.path / "run.json").write_text('{"id": ')
    _, body, _ = await ask("runs")
    rows = {row["head"]["id"]: row["head"] for row in body["runs"]}
    assert rows[bad.id]["error"] == "Its run.json cannot be read."
    assert rows[good.id]["error"] == ""
    code, body, _ = await ask("runs", bad.id)
    assert code == 422
    assert str(store) not in body["error"]


async def test_run_gives_record_and_head(ask: Any, make_run: Any) -> None:
    run = make_run([STATUS, step(3)], name="mine", command="%fm_train ...")
    code, body, _ = await ask("runs", run.id)
    assert code == 200
    assert (body["run"]["name"], body["head"]["name"], body["head"]["step"]) == ("mine", "mine", 3)


async def test_increments_add_up(ask: Any, make_run: Any, append: Any) -> None:
    run = make_run([STATUS, step(1), step(2, "NaN")])
    _, body, _ = await ask("runs", run.id, "events")
    first = Increment.model_validate(body)
    append(run, [step(3)], first_seq=4)
    _, body, _ = await ask("runs", run.id, "events", params={"since": first.last_seq, "generation": first.generation})
    second = Increment.model_validate(body)
    assert [(p.series, p.step) for p in second.points] == [("loss", 3), ("learning_rate", 3)]
    assert [p.step for p in first.points if p.series == "loss"] == [1, 2]
    assert body["head"]["loss"] == 0.5
    # JupyterLab adds a number against caches to each request.
    code, body, _ = await ask("runs", run.id, "events", params={"since": 4, "generation": 0, "1700000000000": ""})
    assert (code, body["points"], body["since"]) == (200, [], 4)


async def test_a_resume_makes_the_client_start_anew(ask: Any, make_run: Any, append: Any) -> None:
    run = make_run([STATUS, *(step(n) for n in range(1, 9))])
    _, before, _ = await ask("runs", run.id, "events")
    append(run, [{**STATUS, "from_step": 4}, step(5, 9.0)], attempt=2, first_seq=10)
    _, after, _ = await ask("runs", run.id, "events", params={"since": before["last_seq"], "generation": 0})
    assert (after["generation"], after["since"]) == (1, 0)
    losses = [(p["step"], p["value"]) for p in after["points"] if p["series"] == "loss"]
    assert losses == [(1, 0.5), (2, 0.5), (3, 0.5), (4, 0.5), (5, 9.0)]


async def test_run_killed_with_sigkill_reads_interrupted(ask: Any, make_run: Any, jp_serverapp: Any) -> None:
    run = make_run([STATUS, step(1)])
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom fmtools.store import lease\n"
        "lease.claim(Path(sys.argv[1])); print('claimed', flush=True); time.sleep(60)"
    )
    worker = subprocess.Popen([sys.executable, "-c", code, str(run.path)], stdout=subprocess.PIPE)
    assert worker.stdout is not None
    with worker, worker.stdout:
        assert worker.stdout.readline() == b"claimed\n"
        _, body, _ = await ask("runs", run.id)
        assert (body["head"]["status"], body["head"]["alive"]) == ("running", True)
        worker.kill()  # not waited for yet: a zombie counts as gone
        for _ in range(100):
            _, body, _ = await ask("runs", run.id)
            if not body["head"]["alive"]:
                break
        assert (body["head"]["status"], body["head"]["alive"]) == ("interrupted", False)
    assert f"%fm_resume {run.id}" in body["head"]["message"]
    _, body, _ = await ask("runs")
    assert body["runs"][0]["head"]["status"] == "interrupted"


@pytest.fixture
def watched(make_run: Any) -> tuple[Any, bytes]:
    """A run with one snapshot of 2 layers, 3 heads and 4 tokens, behind 7 other bytes."""
    run = make_run([STATUS])
    name = next(run.events.glob("*.jsonl")).with_suffix(".attention").name
    data = bytes(range(2 * 3 * 4 * 4))
    (run.events / name).write_bytes(b"another" + data)
    event = {"type": "attention", "step": 1, "probe": 0, "text": "x", "tokens": list("abcd"), "layers": 2, "heads": 3}
    append_to(run, [{**event, "file": name, "offset": 7, "length": len(data)}])
    return run, data


def append_to(run: Any, events: list[dict[str, Any]]) -> None:
    from fmtools.store.log import LogWriter

    reader = LogReader(run.events)
    reader.read()
    writer = LogWriter(run.events, 1, reader.last_seq + 1)
    for event in events:
        writer.append(event)
    writer.close()


async def test_attention_bytes(ask: Any, watched: tuple[Any, bytes]) -> None:
    run, data = watched
    code, body, response = await ask("runs", run.id, "attention", "2")
    assert (code, body) == (200, data)
    assert [response.headers[f"X-FM-{name}"] for name in ("Layers", "Heads", "Size")] == ["2", "3", "4"]
    assert response.headers["Content-Type"] == "application/octet-stream"
    _, body, _ = await ask("runs", run.id, "attention", "2", params={"layer": 1, "head": 2})
    assert body == data[-16:]


async def test_attention_refusals(ask: Any, watched: tuple[Any, bytes]) -> None:
    run, _ = watched
    for seq, params, wanted in [
        ("1", {}, 404),
        ("9", {}, 404),
        ("2", {"layer": 1}, 400),
        ("2", {"layer": 2, "head": 0}, 400),
        ("2", {"layer": 0, "head": 3}, 400),
        ("2", {"layer": "-1", "head": 0}, 400),
    ]:
        code, body, _ = await ask("runs", run.id, "attention", seq, params=params)
        assert (code, list(body)) == (wanted, ["error"])


@pytest.mark.parametrize("plant", ["symlink", "hard link", "symlinked folder", "path in the event", "short"])
async def test_attention_never_leaves_the_store(
    ask: Any, watched: tuple[Any, bytes], tmp_path: Path, plant: str
) -> None:
    run, data = watched
    file = next(run.events.glob("*.attention"))
    canary = tmp_path / "canary"
    canary.write_bytes(b"canary!" + data)
    if plant == "symlink":
        file.unlink()
        file.symlink_to(canary)
    elif plant == "hard link":
        file.unlink()
        os.link(canary, file)
    elif plant == "symlinked folder":
        run.events.rename(tmp_path / "events")
        run.events.symlink_to(tmp_path / "events")
    elif plant == "path in the event":
        event = {
            "type": "attention",
            "step": 1,
            "probe": 0,
            "text": "x",
            "tokens": list("abcd"),
            "layers": 2,
            "heads": 3,
        }
        append_to(run, [{**event, "file": "../../../../canary", "offset": 7, "length": len(data)}])
    else:
        os.truncate(file, 50)
    code, body, _ = await ask("runs", run.id, "attention", "3" if plant == "path in the event" else "2")
    assert (code, list(body)) == (404, ["error"])


async def test_control_reaches_the_worker(ask: Any, make_run: Any) -> None:
    run = make_run([STATUS])
    lease.claim(run.path)
    reader = ControlReader(run.path)
    for wish in ({"action": "pause"}, {"action": "set_learning_rate", "value": 1}, {"action": "stop", "value": None}):
        code, body, _ = await ask("runs", run.id, "control", method="POST", body=json.dumps(wish))
        assert (code, list(body)) == (202, ["control_id"])
    said = [(wish.action, wish.value, wish.by) for wish in reader.read()]
    assert said == [("pause", None, "lab"), ("set_learning_rate", 1.0, "lab"), ("stop", None, "lab")]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        '{"action": "explode"}',
        '{"action": "pause", "path": "/"}',
        '{"action": "pause", "value": 1}',
        '{"action": "set_learning_rate"}',
        '{"action": "set_learning_rate", "value": 0}',
        '{"action": "set_learning_rate", "value": 10.1}',
        '{"action": "set_learning_rate", "value": NaN}',
        '{"action": "set_learning_rate", "value": 1e999}',
        '{"action": "set_learning_rate", "value": "0.1"}',
        '{"action": "set_learning_rate", "value": true}',
        "[" * 10_000,
        "\ud800".encode("utf-8", "surrogatepass"),
    ],
)
async def test_control_nonsense_is_400(ask: Any, make_run: Any, body: Any) -> None:
    run = make_run([STATUS])
    lease.claim(run.path)
    code, answer, _ = await ask("runs", run.id, "control", method="POST", body=body)
    assert (code, list(answer)) == (400, ["error"])
    assert ControlReader(run.path, obeyed=()).read() == []


async def test_control_of_an_ended_run_is_409(ask: Any, make_run: Any) -> None:
    for word in ("done", "failed", "stopped"):
        run = make_run([STATUS, {"type": "status", "status": word}])
        code, body, _ = await ask("runs", run.id, "control", method="POST", body='{"action": "pause"}')
        assert (code, word in body["error"]) == (409, True)
        assert list((run.path / "control").iterdir()) == []


async def test_nonsense_in_the_query_is_400(ask: Any, make_run: Any) -> None:
    run = make_run([STATUS])
    for word in ("-1", "1.5", "x", "", " 1", "1e3", "9" * 16, "٣", "0x10", "NaN", "1;2", "null"):
        for name in ("since", "generation"):
            code, body, _ = await ask("runs", run.id, "events", params={name: word})
            assert (code, list(body)) == (400, ["error"]), (name, word)


async def test_a_get_changes_nothing(ask: Any, watched: tuple[Any, bytes], store: Path) -> None:
    run, _ = watched

    def digest() -> str:
        found = hashlib.sha256()
        for path in sorted(store.rglob("*")):
            found.update(f"{path.relative_to(store)} {path.stat().st_mtime_ns}".encode())
            found.update(path.read_bytes() if path.is_file() else b"")
        return found.hexdigest()

    before = digest()
    for _ in range(2):
        for route in (["runs"], ["runs", run.id], ["runs", run.id, "events"], ["runs", run.id, "attention", "2"]):
            code, _, _ = await ask(*route)
            assert code == 200
    assert digest() == before


def test_the_server_imports_nothing_heavy() -> None:
    code = (
        "import sys, fmtools.server.routes, fmtools.server.watch, fmtools.views.listing\n"
        "heavy = 'torch transformers datasets pandas pyarrow bokeh matplotlib numpy'.split()\n"
        "print(*(name for name in heavy if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
