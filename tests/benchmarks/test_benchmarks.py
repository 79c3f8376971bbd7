"""Every benchmark runs, in its quick form, and leaves figures that can be read."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES, main
from benchmarks.settings import ROOT

#: Half a minute each and more, also when quick: `make bench BENCH="NAME --quick"` runs them.
#: `gpu` has a test of its own.
LONG = {
    "gpu",
    "onnx_speed",
    "ner",
    "preferences",
    "nanogpt",
    "panel_clicks",
    "versus",
    "search",
    "serving",
    "serving_on_ray",
    "parity",
}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", [name for name in NAMES if name not in LONG])
def test_runs_and_leaves_figures(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", name, "--quick", "--results", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    result = json.loads((tmp_path / f"{name}-quick.json").read_text())
    assert result["quick"]
    assert result["machine"]["cores"] > 0
    assert len(result["figures"]) >= 3
    for figure in result["figures"]:
        assert figure["n"] == len(figure["values"]) > 0
        assert math.isfinite(figure["value"])
        assert figure["low"] <= figure["value"] <= figure["high"]
        assert figure["name"] in done.stdout


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["streeming"])
    assert "streaming" in capsys.readouterr().err


def test_a_benchmark_that_cannot_run_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["memory", "--notebook", str(tmp_path / "none.ipynb"), "--results", str(tmp_path)]) == 2
    assert "none.ipynb" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
