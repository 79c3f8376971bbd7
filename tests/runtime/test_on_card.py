"""A training on a card against one on the processor: as good, resumable, obedient, foretold. The same tests run on both.

`pytest -m gpu` runs those that need a card; without one they are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import fmtools
from fmtools.runtime import process
from support import at_step, kill, records, rows, steps_of, train

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
#: Resumed on a processor a training is the same to the last bit; on a card sums are made in another order each time.
APART = {"cpu": 0.0, "cuda": 2e-2}
#: Bytes that a process with torch takes of the machine's memory at least; a tiny training takes less of a card.
TORCH = 2e8
LEARNS = {"data": rows(120), "epochs": 6, "learning_rate": 3e-3}


@pytest.fixture(scope="module", params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> Iterator[str]:
    """What the workers of a test train on."""
    name: str = request.param
    if name == "cuda" and not torch.cuda.is_available():
        pytest.skip("There is no card here: torch.cuda sees none.")
    with pytest.MonkeyPatch.context() as patch:
        if name == "cpu":
            patch.setenv("CUDA_VISIBLE_DEVICES", "")
        _no_standby()  # one that was warmed up before sees what was there then
        yield name
        _no_standby()


def _no_standby() -> None:
    if process._standby is not None:
        process.take().process.kill()


@pytest.fixture(scope="module")
def learned(device: str, tiny: Path, shared_store: Path) -> fmtools.Run:
    """A run on the device, from its beginning to its end."""
    del shared_store
    return train(tiny, **LEARNS)


def test_it_learns_on_the_device_as_well_as_on_a_processor(device: str, learned: fmtools.Run) -> None:
    told = next(record for record in records(learned) if record["type"] == "plan")
    assert str(told["device"]).startswith(device)
    losses = [step["loss"] for step in steps_of(learned)]
    assert losses[0] == pytest.approx(1.1, abs=0.15)  # three labels, nothing known
    assert losses[-1] < 0.1
    assert learned.metrics["accuracy"] >= 0.95


def test_a_killed_training_goes_on_where_it_was(device: str, tiny: Path, learned: fmtools.Run) -> None:
    killed = train(tiny, **LEARNS, background=True)
    at_step(killed, 20)
    kill(killed)
    resumed = fmtools.resume(killed.id)
    assert resumed.status == "done"
    began = [r["from_step"] for r in records(resumed) if r["type"] == "status" and r.get("from_step") is not None]
    assert began[-1] > 0  # the end of an epoch
    whole, parts = ({s["step"]: s["loss"] for s in steps_of(run)} for run in (learned, resumed))
    assert set(whole) == set(parts)
    assert max(abs(whole[step] - parts[step]) for step in whole) <= APART[device]


def test_it_stops_and_keeps_its_work(device: str, tiny: Path, shared_store: Path) -> None:
    run = train(tiny, epochs=400, background=True)
    at_step(run, 5)
    run.stop()
    run.wait()
    assert run.status == "stopped", device
    assert any(artifact.path.name == "model" for artifact in run.artifacts)
    assert list((run.path / "checkpoints").glob("[0-9]*"))


def test_the_forecast_speaks_of_the_memory_that_is_used(device: str, tiny: Path, learned: fmtools.Run) -> None:
    said = fmtools.forecast(model=str(tiny), **{"batch_size": 8, "precision": "fp32", "watch_every": 0, **LEARNS})
    own = learned.head.forecast
    assert own is not None
    assert own.peak_bytes == pytest.approx(said.peak_bytes, rel=0.3)
    if device == "cpu":  # others use the processor while this is tested: no word of time
        assert said.peak_bytes > TORCH
        return
    assert said.peak_bytes < TORCH
    assert said.free_bytes == torch.cuda.mem_get_info()[1]
    took = [step["t"] for step in steps_of(learned)]
    assert said.parts["training"] == pytest.approx(took[-1] - took[0], rel=0.5)
