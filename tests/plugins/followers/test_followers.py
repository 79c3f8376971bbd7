"""Every registered follower, with its tool's own reader: each true point once, NaN as NaN, across kills and resumes."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fmtools.core import registry
from fmtools.core.errors import OptionError
from fmtools.core.following import Follower
from fmtools.runtime import follow
from fmtools.runtime.context import open_context
from fmtools.runtime.follow_log import follow as hand_over
from fmtools.runtime.follow_process import _once
from fmtools.store import followers, lease
from fmtools.store.log import LogReader
from fmtools.store.runs import RunFolder
from support import train, until

MakeRun = Callable[..., RunFolder]
NAMES = registry.names("followers")
Points = list[tuple[int, float]]


def _tensorboard(run: RunFolder, place: str) -> dict[str, Points]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (folder,) = {path.parent for path in Path(place).rglob("events.out.tfevents.*")}
    seen = EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
    assert "written/Once" in seen.Tags()["tensors"]
    return {tag: [(e.step, e.value) for e in seen.Scalars(tag)] for tag in seen.Tags()["scalars"]}


def _mlflow(run: RunFolder, place: str) -> dict[str, Points]:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=place)
    experiment = client.get_experiment_by_name("fmtools")
    assert experiment is not None
    (found,) = client.search_runs([experiment.experiment_id])
    assert found.data.tags["fmtools.run_id"] == run.id
    assert found.data.params["epochs"] == "3"
    assert found.info.status == "FINISHED"
    keys = found.data.metrics
    return {k: sorted((m.step, m.value) for m in client.get_metric_history(found.info.run_id, k)) for k in keys}


def _trackio(run: RunFolder, place: str) -> dict[str, Points]:
    from trackio.sqlite_storage import SQLiteStorage

    assert str(SQLiteStorage.get_project_db_path("fmtools")).startswith(place)
    (name,) = SQLiteStorage.get_runs("fmtools")
    config = SQLiteStorage.get_run_config("fmtools", name, run_id=run.id)
    assert config is not None
    assert config["epochs"] == 3
    found: dict[str, Points] = {}
    for row in SQLiteStorage.get_logs("fmtools", name, run_id=run.id):
        for key, value in row.items():
            if "/" in key:
                found.setdefault(key, []).append((row["step"], float(value)))
    return {key: sorted(points) for key, points in found.items()}


READERS = {"tensorboard": _tensorboard, "mlflow": _mlflow, "trackio": _trackio}


def _run(make_run: MakeRun) -> RunFolder:
    events: list[dict[str, Any]] = [{"type": "status", "status": "running", "from_step": 0}]
    for step in range(1, 6):
        loss = "NaN" if step == 3 else 1.0 / step
        events.append(
            {
                "type": "step",
                "step": step,
                "epoch": 0.2,
                "loss": loss,
                "learning_rate": 1e-3,
                "seconds": 0.5,
                "samples": 8,
            }
        )
    events.append({"type": "sample", "step": 4, "prompt": "Once", "text": "upon a time"})
    events.append(
        {"type": "eval", "step": 5, "epoch": 1.0, "split": "validation", "metrics": {"accuracy": 0.75, "loss": 0.5}}
    )
    return make_run(events, options={"epochs": 3, "model": "minilm", "watch": []}, versions={"torch": "2.13.0"})


def _resumed(run: RunFolder, append: Callable[..., None]) -> None:
    steps = [{"type": "step", "step": n, "epoch": 0.2, "loss": 10.0 * n, "learning_rate": 1e-4} for n in (5, 6)]
    events = [{"type": "status", "status": "running", "from_step": 4}, *steps]
    events.append({"type": "result", "split": "test", "metrics": {"accuracy": 0.5}})
    events.append({"type": "status", "status": "done"})
    append(run, events, attempt=2, first_seq=20)


def _same(found: Points, wanted: Points) -> bool:
    pairs = zip(found, wanted, strict=True)
    return all(
        a[0] == b[0] and (a[1] == pytest.approx(b[1], rel=1e-6) or (math.isnan(a[1]) and math.isnan(b[1])))
        for a, b in pairs
    )


TRUE = [(1, 1.0), (2, 0.5), (3, math.nan), (4, 0.25), (5, 50.0), (6, 60.0)]


def test_all_of_them_are_tested() -> None:
    assert set(NAMES) == set(READERS)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_each_true_point_is_there_once(
    name: str, make_run: MakeRun, append: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Followed, followed by one that dies, resumed, followed twice: what the tool shows is what is true."""
    plugin: Follower = registry.get("followers", name)
    assert isinstance(plugin, Follower)
    run = _run(make_run)
    place = plugin.place(
        str(tmp_path / "tool") if name != "mlflow" else f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path, tmp_path
    )
    monkeypatch.setattr(RunFolder, "alive", lambda self: False)
    _once(run, plugin, place)
    _killed(run, plugin, place)
    _resumed(run, append)
    for _ in range(2):
        assert _once(run, plugin, place) > 0
    found = READERS[name](run, place)
    assert _same(found["train/loss"], TRUE)
    assert not found.get("validation/accuracy")  # it was of a step that the resume took back
    assert _same(found["test/accuracy"], [(6, 0.5)])
    assert place in plugin.line(place)


def _killed(run: RunFolder, plugin: Follower, place: str) -> None:
    """A follower that died in the middle of its work."""

    class Died(Exception):
        pass

    record = run.record
    from fmtools.core.following import Followed

    sink = plugin.open(
        Followed(record.id, record.name, record.task, record.model, record.data, place, 0.0, record.options)
    )
    whole, told = sink.points, []

    def dying(points: Any) -> None:
        whole(points[:3])
        told.append(len(points))
        raise Died

    sink.points = dying  # type: ignore[method-assign]
    try:
        hand_over(run, sink)
    except Died:
        pass
    else:
        assert plugin.name == "mlflow"  # everything was there: nothing was handed over again
        assert told == []


@pytest.mark.slow
def test_a_follower_is_a_process_that_follows_to_the_end_and_its_failure_is_a_notice(
    make_run: MakeRun, append: Callable[..., None], tmp_path: Path
) -> None:
    run = _run(make_run)
    _resumed(run, append)
    os.utime(run.path / "run.json", (0, 0))  # nobody is about to begin it
    process = follow.start(run, "tensorboard")
    assert process.wait(120) == 0, (run.path / "followers/tensorboard.log").read_text()
    state = followers.states(run.path)["tensorboard"]
    assert (state["state"], state["place"]) == ("done", str(run.path / "followers/tensorboard"))
    assert _same(_tensorboard(run, state["place"])["train/loss"], TRUE)
    blocked = tmp_path / "a-file"
    blocked.write_text("in the way")
    code = "import sys; from fmtools.runtime import follow_process as f; f.AGAIN=(); from pathlib import Path; sys.exit(f.main(Path(sys.argv[1]), 'tensorboard', sys.argv[2]))"
    ended = subprocess.run([sys.executable, "-c", code, str(run.path), str(blocked)], capture_output=True, check=False)
    assert ended.returncode == 1
    (said,) = followers.complaints(run.path)
    assert said.startswith("tensorboard does not follow this run any more: ")
    assert followers.complaints(run.path) == []
    assert followers.states(run.path)["tensorboard"]["state"] == "failed"


@pytest.mark.slow
@pytest.mark.fault
@pytest.mark.parametrize("name", NAMES)
def test_a_killed_follower_that_is_started_again_leaves_no_gap_and_no_copy(
    name: str, make_run: MakeRun, append: Callable[..., None], tmp_path: Path
) -> None:
    """The process is killed (-9) while the run goes on; this test holds the run's lease, so the run is alive."""
    run = _run(make_run)
    attempt = lease.claim(run.path).attempt
    place = str(tmp_path / "tool") if name != "mlflow" else f"sqlite:///{tmp_path / 'mlflow.db'}"
    first = follow.start(run, name, place)
    until(lambda: followers.states(run.path).get(name))
    until(lambda: _size(tmp_path) > 500, every=0.05)
    first.kill()
    first.wait()
    _resumed(run, append)
    second = follow.start(run, name)  # it knows the place
    lease.release(run.path, attempt)
    assert second.wait(120) == 0, (run.path / f"followers/{name}.log").read_text()
    assert followers.states(run.path)[name]["place"] == place
    code = (
        "import sys, json; sys.path.insert(0, sys.argv[1]); import test_followers as t; from fmtools.store.runs import RunFolder;"
        "from pathlib import Path; print(json.dumps(t.READERS[sys.argv[2]](RunFolder(Path(sys.argv[3])), sys.argv[4])))"
    )
    support_folder = str(Path(__file__).parents[2])
    environment = {**os.environ, "TRACKIO_DIR": place, "PYTHONPATH": os.pathsep.join([support_folder, *sys.path])}
    read = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(Path(__file__).parent), name, str(run.path), place],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert read.returncode == 0, read.stderr
    found = json.loads(read.stdout.splitlines()[-1])
    assert _same(found["train/loss"], TRUE)
    assert _same(found["test/accuracy"], [(6, 0.5)])


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and "store" not in path.parts)


@pytest.mark.slow
def test_a_training_is_followed_from_its_first_step(tiny: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    whole = follow.start
    monkeypatch.setattr(follow, "start", lambda *args: started.append(whole(*args)) or started[-1])
    run = train(tiny, epochs=1, max_steps=6, follow=["tensorboard"], inline=True)
    assert any("%tensorboard --logdir" in text for text in run.view.run.record.notices)
    (process,) = started
    assert process.wait(120) == 0, (run.path / "followers/tensorboard.log").read_text()
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (file,) = (run.path / "followers/tensorboard").rglob("events.out.tfevents.*")
    seen = EventAccumulator(str(file.parent), size_guidance={"scalars": 0}).Reload()
    for series, curve in (("train/loss", "loss"), ("validation/accuracy", "validation/accuracy")):
        assert _same([(e.step, e.value) for e in seen.Scalars(series)], run.history[curve])
    assert seen.Scalars("final/accuracy")[0].value == pytest.approx(run.metrics["accuracy"])


def test_a_tool_that_is_not_there_is_said_before_anything_is_made(
    tiny: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(OptionError, match="mlflow is not installed") as caught:
        train(tiny, follow=["mlflow"], inline=True)
    assert caught.value.cure == "pip install 'fmtools[mlflow]'"
    with pytest.raises(OptionError, match="no follower named 'tensorbord'"):
        train(tiny, follow=["tensorbord"], inline=True)
    assert not (store / "runs").exists()


def test_a_complaint_becomes_a_notice_of_the_run(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "BEAT", 0.05)
    run = make_run()
    attempt = lease.claim(run.path).attempt
    with open_context(run.path, attempt):
        followers.complain(run.path, "mlflow", "mlflow does not follow this run any more: no")
        until(lambda: [r for r in LogReader(run.events).read() if r["type"] == "notice"])
    (notice,) = (r for r in LogReader(run.events).read() if r["type"] == "notice")
    assert (notice["level"], notice["text"][:30]) == ("warning", "mlflow does not follow this ru")
