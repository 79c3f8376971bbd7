"""A sample of scripts/soak_damage.py: flipped bits and cuts of every format are refused, or change a number; nothing crashes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).parents[3] / "scripts/soak_damage.py"
COUNT = {"flips": 60, "cuts": 20}


@pytest.fixture(scope="module")
def outcomes() -> dict[str, dict[str, int]]:
    """Run in a process of its own: it forks, which a process with pytest's threads should not."""
    sizes = [word for name, count in COUNT.items() for word in (f"--{name}", str(count))]
    formats = ["tokenizer.json", "onnx", "sealed", "age"]
    command = [sys.executable, str(SOAK), *sizes, "--formats", *formats]
    done = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
    assert done.stdout, done.stderr[-2000:]
    found: dict[str, dict[str, int]] = json.loads(done.stdout.splitlines()[-1])
    assert set(found) == set(formats)
    return found


def test_nothing_crashes(outcomes: dict[str, dict[str, int]]) -> None:
    for kind, found in outcomes.items():
        assert found["violations"] == 0, (kind, found)
        assert sum(found.values()) == sum(COUNT.values())
        assert found["refused"] >= COUNT["cuts"]


@pytest.mark.parametrize("kind", ["sealed", "age"])
def test_a_seal_shows_all_damage(outcomes: dict[str, dict[str, int]], kind: str) -> None:
    assert outcomes[kind] == {"refused": sum(COUNT.values()), "violations": 0}
