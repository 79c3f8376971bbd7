"""Memory that is not enough, and numbers that are none: said in words, and the kernel goes on."""

from __future__ import annotations

import json
import math
import resource
import shutil
from pathlib import Path

import psutil
import pytest

from fmtools.runtime import process
from support import records, rows, steps_of, train

pytestmark = [pytest.mark.slow, pytest.mark.fault]


def test_a_worker_without_memory_fails_with_advice_and_the_next_run_works(tiny: Path, shared_store: Path) -> None:
    process.ask({"verb": "hardware"})
    assert process._standby is not None
    room = psutil.Process(process._standby.pid).memory_info().vms + 900_000_000
    resource.prlimit(process._standby.pid, resource.RLIMIT_AS, (room, room))
    long = [{"text": row["text"] * 30, "label": row["label"]} for row in rows(3000)]
    run = train(tiny, data=long, batch_size=2700, max_length=512)
    assert run.status == "failed"
    assert run.head.error == (
        "The memory was not enough for this step. Halve --batch-size or --max-length, then run it again."
    )
    assert train(tiny, epochs=0.2).status == "done"


@pytest.fixture(scope="module")
def poisoned(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny encoder with one weight that is not a number."""
    import torch
    from safetensors.torch import load_file, save_file

    folder = tmp_path_factory.mktemp("models") / "poisoned"
    shutil.copytree(tiny, folder)
    tensors = load_file(folder / "model.safetensors")
    tensors["encoder.layer.1.output.dense.weight"][0, 0] = torch.nan
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    return folder


def test_a_loss_that_is_not_a_number_is_shown_as_such_and_ends_the_run(poisoned: Path, shared_store: Path) -> None:
    run = train(poisoned, inline=True)
    assert run.status == "failed"
    assert [record["loss"] for record in steps_of(run)] == ["NaN"]
    assert all(math.isnan(value) for _, value in run.history["loss"])
    assert "encoder.layer.1.output.dense.weight" in run.head.error
    wire = run.view.increment().model_dump_json()
    json.loads(wire, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))


def test_a_rate_that_is_too_high_is_seen_in_the_curve(tiny: Path, shared_store: Path) -> None:
    run = train(tiny, inline=True, learning_rate=1.0, head_learning_rate=1.0, max_grad_norm=1e6, warmup=0.0)
    losses = [value for _, value in run.history["loss"]]
    assert run.status == "done"
    assert len(losses) == run.head.total_steps
    assert max(losses) > 10 or any(map(math.isnan, losses))
    assert run.metrics["accuracy"] <= 1.0
    assert records(run)[-1]["status"] == "done"


def test_runs_in_one_process_keep_no_memory(tiny: Path, shared_store: Path) -> None:
    """An inline run leaves no model behind: what four runs hold is what one holds."""
    import gc

    import torch

    def held() -> int:
        gc.collect()
        return sum(thing.numel() for thing in gc.get_objects() if issubclass(type(thing), torch.Tensor))

    train(tiny, inline=True, epochs=0.2)
    before = held()
    for _ in range(3):
        train(tiny, inline=True, epochs=0.2)
    assert held() <= before
