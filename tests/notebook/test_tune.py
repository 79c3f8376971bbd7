"""`%fm_tune` in a real kernel: one output that follows the search, its best line, sliders that narrow the space."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

from fmtools.core.options.space import Dimension
from fmtools.notebook.tune_widget import stops
from support import rows

pytestmark = [pytest.mark.slow]
LINE = "%fm_tune --model {tiny} --data table --epochs 1 --trials 2 --space batch_size=8|16 --watch-every 0"


@pytest.fixture
def kernel(store: Path) -> Iterator[Any]:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env={**os.environ, "FMTOOLS_HOME": str(store)})
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client: Any, code: str) -> list[dict[str, Any]]:
    """Run a cell; return the messages on its output."""
    found: list[dict[str, Any]] = []
    reply = client.execute_interactive(code, timeout=150, output_hook=found.append)
    assert reply["content"]["status"] == "ok", reply["content"]
    return [message for message in found if message["msg_type"] != "status"]


def test_a_cell_follows_the_search_in_one_output(kernel: Any, tiny: Path) -> None:
    run(kernel, f"%load_ext fmtools\ntable = {rows(60)!r}")
    told = run(kernel, "search = " + LINE.format(tiny=tiny))
    shown = [m for m in told if m["msg_type"] == "display_data"]
    updates = [m for m in told if m["msg_type"] == "update_display_data"]
    assert len(shown) == 1
    assert len(updates) >= 2
    data = updates[-1]["content"]["data"]
    assert "trials 2/2" in data["text/plain"]
    assert data["image/png"].startswith("iVBOR")
    assert "batch_size" in data["text/html"]
    said = "".join(m["content"].get("text", "") for m in run(kernel, "print(search.line()); print(search.best.status)"))
    assert f"--model {tiny} --data table --epochs 1 --batch-size" in said
    assert said.strip().endswith("done")


def test_sliders_narrow_the_space_and_a_click_searches(kernel: Any, tiny: Path) -> None:
    run(kernel, f"%load_ext fmtools\ntable = {rows(60)!r}")
    run(
        kernel,
        "plan = " + LINE.format(tiny=tiny).replace("batch_size=8|16", "batch_size=8|16|32 learning_rate") + " --panel",
    )
    code = """
import time
from fmtools.notebook.tune_widget import TuneWidget
form = TuneWidget(plan)
form.rows[0].value.value = (16, 32)
form.rows[1].tick.value = False
form.trials.value = 1
print(form.texts)
form.button.click()
while form.button.disabled or plan.search is None:
    time.sleep(0.1)
print(plan.search.status, plan.search.space, "done  " in form.shown.value or "done 1" in form.shown.value)
"""
    said = "".join(m["content"].get("text", "") for m in run(kernel, code))
    assert "['batch_size=16|32']" in said
    assert "done [Dimension(name='batch_size'" in said
    assert "choices=[16, 32])] True" in said


def test_sliders_stop_at_values_that_can_be_read() -> None:
    rate = stops(Dimension(name="learning_rate", low=1e-5, high=1e-3, log=True))
    assert (rate[0], rate[-1], len(rate)) == (1e-5, 1e-3, 25)
    assert rate[12] == 1e-4
    assert stops(Dimension(name="epochs", low=1, high=4, whole=True)) == [1, 2, 3, 4]
