"""A run's script, run: the same model comes out, by a process that has no fmtools."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

import fmtools
from fmtools.api.code import Script
from fmtools.core.errors import FmError, OptionError
from fmtools.runtime import worker
from fmtools.store.runs import home
from samples import options_for, rows_for
from support import train, weights

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _asked_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker's table of verbs answer, in this process: starting a worker is tested elsewhere."""

    def ask(verb: str, **job: Any) -> dict[str, Any]:
        answer = json.loads(json.dumps(worker._answer({"verb": verb, **job})))
        if "error" in answer:
            raise FmError(**answer["error"])
        found: dict[str, Any] = answer["result"]
        return found

    monkeypatch.setattr("fmtools.runtime.launch.ask", ask)


def ran(script: Script, folder: Path) -> dict[str, Any]:
    """Run a script where fmtools cannot be imported; return its last line."""
    block = folder / "block"
    block.mkdir()
    (block / "fmtools.py").write_text("raise ImportError('a script needs no fmtools')")
    assert script.path is not None
    environment = {**os.environ, "PYTHONPATH": str(block), "HF_HUB_OFFLINE": "1"}
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", str(script.path)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    found: dict[str, Any] = json.loads(ended.stdout.strip().splitlines()[-1])
    return found


CASES: list[tuple[str, dict[str, Any]]] = [
    ("text-classification", {}),
    ("text-classification", {"method": "lora", "class_weights": "balanced", "gradient_accumulation": 2}),
    ("token-classification", {"dropout": 0.2}),
    ("text-generation", {"schedule": "cosine"}),
    ("text-generation", {"packing": False, "optimizer": "sgd"}),
]


@pytest.mark.parametrize(("task", "more"), CASES)
@pytest.mark.timeout(600)
def test_the_script_trains_the_same_model(
    task: str, more: dict[str, Any], tiny: Path, store: Path, tmp_path: Path
) -> None:
    options = {**options_for(task, tiny), "precision": "fp32", "data": rows_for(task), **more}
    run = fmtools.train(task, **options, inline=True)
    script = fmtools.code(run.id, save=str(tmp_path / "out"))
    assert "fmtools" not in [
        line.split()[1] for line in script.code.splitlines() if line.startswith(("import", "from"))
    ]
    found = ran(script, tmp_path)
    for name in set(found) - {"rows"}:
        assert found[name] == pytest.approx(run.metrics[name], rel=1e-5), name
    ours = load_file(run.path / "artifacts/model/model.safetensors")
    theirs = load_file(tmp_path / "trained/model.safetensors")
    assert set(ours) == set(theirs)
    worst = max(float((ours[name] - theirs[name]).abs().max()) for name in ours)
    assert worst == 0.0, f"weights differ by {worst}"


def test_a_script_is_shown_and_saved_by_itself_and_nothing_is_written_over(
    tiny: Path, store: Path, tmp_path: Path
) -> None:
    run = train(tiny, epochs=1, max_steps=1, inline=True)
    shown = fmtools.code(run.id)
    assert shown.path is None
    assert str(home()) in shown.code  # the rows lie in the store
    compile(shown.code, "train.py", "exec")
    assert "<button" in shown.html()
    assert "SimpleNamespace" in shown.text()
    alone = fmtools.code(run.id, save=str(tmp_path / "train.py"))
    assert (tmp_path / "train.py").read_text() == alone.code == shown.code
    with pytest.raises(OptionError, match="already"):
        fmtools.code(run.id, save=str(tmp_path / "train.py"))
    assert weights(run)


def test_a_task_without_a_script_says_so(make_run: Any, store: Path) -> None:
    run = make_run(task="translation")
    with pytest.raises(FmError, match="no script for translation yet") as caught:
        fmtools.code(run.id)
    assert "text-generation" in caught.value.cure
    with pytest.raises(FmError, match="it has no model yet"):
        fmtools.code(make_run(task="text-generation").id)
