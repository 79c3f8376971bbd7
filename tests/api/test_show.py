"""`fmtools show RUN`: what a run has published stands in its text, not in its JSON alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import fmtools
from fmtools import api
from fmtools.cli import main
from fmtools.core.options import ShowOptions
from fmtools.runtime.wait import Silent
from fmtools.store import artifacts
from fmtools.store.runs import RunFolder


def test_the_text_of_a_run_lists_what_it_published(
    make_run: Callable[..., RunFolder], capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run([{"type": "status", "status": "done"}], name="lamps", command="fmtools train x")
    assert main(["show", "lamps"]) == 0
    assert "no artifacts yet" in capsys.readouterr().out

    def save(folder: Path) -> None:
        card = {
            "format": "onnx",
            "task": "text-classification",
            "method": "int8-dynamic",
            "metrics": {"accuracy": 0.875},
        }
        (folder / "fmtools.json").write_text(json.dumps(card))
        (folder / "weights").write_bytes(bytes(1_200_000))

    artifacts.write(run.path, "onnx-int8", save, {"run": run.id}, lambda error: None)
    assert main(["show", "lamps"]) == 0
    said = capsys.readouterr().out
    line = next(line for line in said.splitlines() if line.startswith("onnx-int8"))
    assert line.split() == ["onnx-int8", "onnx", "int8-dynamic", "1.2", "MB", "accuracy", "0.875"]
    assert {"fmtools train x", str(run.path)} <= set(said.splitlines())
    assert isinstance(api.execute(ShowOptions.parse({"run": "lamps"}), Silent()), fmtools.Run)
