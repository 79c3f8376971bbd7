"""The command line, as a user's shell sees it: exit status, stdout, stderr. One real run is trained for all of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fmtools import cli
from fmtools.core.options import VERBS, ResumeOptions, ShowOptions, TrainOptions
from fmtools.core.wire import Head

Fm = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def fm(home: Path) -> Fm:
    def run(*args: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "FMTOOLS_HOME": str(home / "fmtools-runs")}
        return subprocess.run(
            [sys.executable, "-m", "fmtools", *args], capture_output=True, text=True, env=env, cwd=home
        )

    return run


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "moods.csv"
    things = ("day", "film", "meal", "trip", "book")
    rows = [f"{mood} {thing},{label}" for thing in things for mood, label in (("good", "yes"), ("bad", "no"))]
    path.write_text("text,label\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture(scope="module")
def trained(fm: Fm, data: Path) -> subprocess.CompletedProcess[str]:
    return fm(
        "train", "--data", str(data), "--epochs", "2", "--batch-size", "4", "--name", "moods", "--seed", "7", "--json"
    )


def wait_for(fm: Fm, run: str, status: str) -> None:
    deadline = time.monotonic() + 60
    while (seen := last_json(fm("show", run, "--json"))["status"]) != status:
        assert time.monotonic() < deadline, seen


def last_json(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout.rstrip("\n").split("\n")[-1])
    return found


@pytest.mark.slow
def test_a_run_is_trained_and_told_in_one_line_of_json(trained: subprocess.CompletedProcess[str]) -> None:
    assert trained.returncode == 0, trained.stderr
    answer = last_json(trained)
    assert set(answer) >= {"id", "status", "path", "metrics", "seconds", "samples_per_second", "artifacts"}
    assert answer["status"] == "done"
    assert 0 <= answer["metrics"]["accuracy"] <= 1
    assert Path(answer["path"], "artifacts", "model", "model.safetensors").is_file()
    assert trained.stdout.count("\n") == 1


@pytest.mark.slow
def test_progress_goes_to_stderr_and_notices_are_said_once(trained: subprocess.CompletedProcess[str]) -> None:
    lines = trained.stderr.splitlines()
    assert lines[0].startswith("run moods  ")
    assert lines[-1].startswith("done  step ")
    assert sum("guessed" in line for line in lines) == len({line for line in lines if "guessed" in line})
    assert any(line.startswith("validation: ") for line in lines)


@pytest.mark.slow
def test_the_command_is_kept(trained: subprocess.CompletedProcess[str]) -> None:
    record = json.loads(Path(last_json(trained)["path"], "run.json").read_text())
    assert record["command"].startswith("fmtools train --data ")
    assert record["command"].endswith("--epochs 2 --batch-size 4 --name moods --seed 7 --json")


@pytest.mark.slow
def test_verbs_about_a_run(fm: Fm, trained: subprocess.CompletedProcess[str]) -> None:
    run_id = last_json(trained)["id"]
    assert last_json(fm("show", "moods", "--json"))["id"] == run_id
    assert run_id in [row["id"] for row in last_json(fm("runs", "--json"))["runs"]]
    assert last_json(fm("runs", "--status", "failed", "--json"))["runs"] == []
    answer = last_json(fm("predict", "moods", "--text", "good game", "--text", "bad game", "--json"))
    assert [row["text"] for row in answer["predictions"]] == ["good game", "bad game"]
    assert set(last_json(fm("evaluate", run_id[:14], "--json"))) >= {"metrics", "report"}


@pytest.mark.slow
def test_wishes_to_an_ended_run_are_mistakes(fm: Fm, trained: subprocess.CompletedProcess[str]) -> None:
    for verb in ("stop", "pause", "resume"):
        done = fm(verb, "moods", "--json")
        assert (done.returncode, "done" in last_json(done)["error"]) == (2, True)


@pytest.mark.slow
def test_a_run_in_the_background_outlives_the_command_and_obeys(fm: Fm, data: Path) -> None:
    # The command returns before the worker has even imported torch; the run must go on without it.
    started = fm(
        "train", "--data", str(data), "--epochs", "1000", "--batch-size", "1", "--name", "far", "--background", "--json"
    )
    assert (started.returncode, last_json(started)["status"]) == (0, "queued")
    wait_for(fm, "far", "running")
    assert fm("pause", "far", "--json").returncode == 0
    wait_for(fm, "far", "paused")
    assert fm("resume", "far", "--background", "--json").returncode == 0
    wait_for(fm, "far", "running")
    stopped = fm("stop", "far", "--json")
    assert (stopped.returncode, last_json(stopped)["status"]) == (0, "stopped")
    assert last_json(stopped)["artifacts"]


@pytest.mark.slow
def test_an_interrupt_stops_and_saves_the_run(fm: Fm, home: Path, data: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "fmtools",
        "train",
        "--data",
        str(data),
        "--epochs",
        "1000",
        "--batch-size",
        "1",
        "--json",
    ]
    env = {**os.environ, "FMTOOLS_HOME": str(home / "fmtools-runs")}
    pipe = subprocess.PIPE
    # A shell lets what it starts in the background ignore interrupts, and so would what this starts.
    heeding: dict[str, Any] = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, env=env, start_new_session=True, **heeding
    ) as process:
        assert process.stderr is not None
        while "training" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, json.loads(output)["status"]) == (1, "stopped")
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["trian"], "'trian' is not a verb of fmtools.\nDid you mean train?\n"),
        (["train", "--epohcs", "3"], "--epohcs is not an option of train.\nDid you mean --epochs?\n"),
        (["train"], "train needs data.\nFor example: fmtools train text-classification --model"),
        (["show", "nobody"], "fmtools "),
    ],
)
def test_mistakes_are_two_short_lines_and_status_2(fm: Fm, args: list[str], said: str) -> None:
    done = fm(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "%fm_" not in done.stderr
    answer = last_json(fm(*args, "--json"))
    assert answer["error"] == done.stderr.splitlines()[0]


def test_help_and_version(fm: Fm) -> None:
    assert fm("--version").stdout.startswith("fmtools ")
    assert all(verb in fm("--help").stdout for verb in VERBS)
    assert fm("--help").returncode == 0
    assert "--learning-rate NUMBER" in fm("train", "--help").stdout
    bare = fm()
    assert (bare.returncode, bare.stdout) == (2, "")


@pytest.mark.parametrize("words", [["train", "--help"], ["runs", "--json"]])
@pytest.mark.usefixtures("store")
def test_help_and_a_look_import_nothing_heavy(words: list[str]) -> None:
    heavy = ("torch", "transformers", "pandas", "pyarrow", "bokeh", "matplotlib", "datasets", "sklearn", "scipy")
    code = f"""
import sys
from fmtools.cli import main
main({words!r})
print([name for name in {heavy!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\n[]\n")


def test_what_json_cannot_hold() -> None:
    value = {"loss": float("nan"), "list": [float("inf"), -float("inf"), 1.5], 3: Path("a"), "none": None, "yes": True}
    expected = {"loss": "NaN", "list": ["Infinity", "-Infinity", 1.5], "3": "a", "none": None, "yes": True}
    assert cli.jsonable(value) == expected
    assert json.loads(json.dumps(cli.jsonable(value), allow_nan=False)) == expected


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        (TrainOptions(data="d"), "done", 0),
        (TrainOptions(data="d"), "failed", 1),
        (TrainOptions(data="d"), "stopped", 1),
        (TrainOptions(data="d"), "interrupted", 1),
        (TrainOptions(data="d", background=True), "queued", 0),
        (ResumeOptions(), "running", 0),
        (ResumeOptions(), "failed", 1),
        (ShowOptions(), "failed", 0),
    ],
)
def test_exit_status(options: Any, status: str, code: int) -> None:
    assert cli.status_of(options, {"status": status}) == code


def test_a_doctor_that_finds_trouble_fails() -> None:
    assert cli.status_of(VERBS["doctor"](), {"ok": False, "checks": []}) == 1
    assert cli.status_of(VERBS["doctor"](), {"ok": True, "checks": []}) == 0


def test_the_progress_line() -> None:
    facts: dict[str, Any] = {"id": "i", "name": "n", "task": "t", "model": "m", "data": "d", "status": "running"}
    assert cli.progress_line(Head(**facts, phase="loading model")) == "loading model"
    numbers = {"step": 12, "total_steps": 40, "epoch": 0.3, "epochs": 1, "loss": float("nan"), "learning_rate": 1e-4}
    head = Head(**facts, phase="training", eta_seconds=65.2, samples_per_second=120.4, **numbers)
    expected = "training  step 12/40  epoch 0.30/1  loss nan  rate 0.0001  120 rows/s  65 s left"
    assert cli.progress_line(head) == expected


def test_a_closed_pipe_is_no_failure(fm: Fm) -> None:
    script = f"{sys.executable} -m fmtools models --json | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
