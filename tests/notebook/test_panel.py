"""The panel without a page: defaults of tasks, what is shown for which task, mistakes, words, and a real run that is steered."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import fmtools.api as api
from fmtools.api.panel import Panel
from fmtools.core.errors import OptionError
from fmtools.core.options import TrainOptions
from fmtools.derive.forms import controls
from fmtools.notebook import magics
from fmtools.notebook.panel import cost, words, words_zh
from fmtools.notebook.panel.widget import PanelWidget
from fmtools.store import controls as control_records
from support import rows, until

HERE = Path(words.__file__).parent


def panel_of(namespace: dict[str, Any] | None = None, **values: Any) -> PanelWidget:
    panel = PanelWidget(Panel({"task": "text-classification", **values}), namespace or {})
    panel.cost.ask = lambda: None  # type: ignore[method-assign]
    panel.begin()
    return panel


def test_an_empty_entry_shows_what_the_task_wants() -> None:
    panel = panel_of(data="intents")
    rate, task = panel.form.fields["learning_rate"], panel.form.fields["task"]
    assert rate._entry.placeholder == "0.0001"
    panel.form.fields["method"]._entry.value = "lora"
    assert (rate._entry.placeholder, rate._slider.value) == ("0.001", pytest.approx(0.001))
    task._entry.value = "text-generation"
    assert rate._entry.placeholder == "0.0003"
    assert panel.form.fields["model"]._entry.placeholder == "smollm2"
    assert panel.code.forms["line"] == "%fm_train text-generation --data intents --method lora"


def test_options_of_other_tasks_are_shown_only_when_they_were_given() -> None:
    panel = panel_of(data="intents", packing=False)
    names = {field.name for field in panel.form._for_task()}
    assert "packing" in names, "it was given"
    assert "sample_every" not in names
    panel.form.fields["task"]._entry.value = "text-generation"
    assert "sample_every" in {field.name for field in panel.form._for_task()}


def test_a_mistake_is_a_sentence_under_its_entry_and_nothing_is_lost() -> None:
    panel = panel_of(data="intents", epochs=5.0)
    assert not panel.steering.train.disabled
    size = panel.form.fields["batch_size"]
    size._entry.value = "many"
    assert panel.steering.train.disabled
    assert (
        "--batch-size &#x27;many&#x27; is not possible: it should be a whole number" in size.widget.children[-1].value
    )
    assert size._entry.value == "many"
    assert panel.form.values()["epochs"] == 5.0
    assert "1 option" in panel.steering.said.value
    size._entry.value = "8"
    assert not panel.steering.train.disabled
    assert len(size.widget.children) == 2
    size._entry.value = ""
    assert "batch_size" not in panel.form.values()


def test_markup_in_a_mistake_is_shown_as_it_stands() -> None:
    panel = panel_of(data="intents")
    panel.form.fields["epochs"]._entry.value = "<img src=x>"
    assert "<img" not in panel.form.fields["epochs"].widget.children[-1].value


def test_without_data_there_is_nothing_to_train() -> None:
    panel = panel_of()
    assert panel.steering.train.disabled
    assert "Choose the data" in panel.steering.said.value
    panel.form.fields["data"]._entry.value = "intents"
    assert not panel.steering.train.disabled


def test_reset_goes_back_to_what_the_panel_began_with() -> None:
    panel = panel_of(data="intents", epochs=5.0)
    panel.form.fields["epochs"]._slider.value = 7
    panel.form.fields["seed"]._entry.value = "7"
    assert panel.code.forms["line"].endswith("--epochs 7 --seed 7")
    panel._reset()
    assert panel.code.forms["line"] == "%fm_train text-classification --data intents --epochs 5"
    assert panel.form.fields["epochs"]._slider.value == 5


def test_variables_keep_their_names() -> None:
    table = rows(12)
    panel = panel_of({"table": table}, data=table)
    assert panel.code.forms["line"] == "%fm_train text-classification --data table"
    assert panel.code.forms["python"] == "fmtools.train('text-classification', data=table)"
    assert panel._options().data is table
    assert "table" in panel.form.fields["data"]._entry.options


def test_a_task_that_does_not_exist_is_told_at_once() -> None:
    with pytest.raises(OptionError, match="no task named 'text-clasification'"):
        api.panel("text-clasification")


def test_where_nobody_sits_the_line_stands_for_the_form() -> None:
    shell = InteractiveShell.instance()
    magics.load(shell)
    try:
        with capture_output() as seen:
            shell.run_cell("p = %fm_panel ner --data intents --epochs 2").raise_error()
        shown = [output.data["text/plain"] for output in seen.outputs]
        assert shown == ["%fm_train token-classification --data intents --epochs 2"]
        with capture_output() as again:
            shell.run_cell("p").raise_error()
        assert [output.data["text/plain"] for output in again.outputs] == shown
    finally:
        magics.unload(shell)


def test_everything_speaks_chinese() -> None:
    assert set(words_zh.OPTIONS) == {c.name for c in controls(TrainOptions)}
    said = set()
    for path in HERE.glob("*.py"):
        said |= set(re.findall(r'\bsay\(\s*"((?:[^"\\]|\\.)+)"', path.read_text("utf-8")))
        said |= set(re.findall(r'\b(?:button|entry)\(\s*"([^"×]+)"', path.read_text("utf-8")))
    said |= {c.section for c in controls(TrainOptions) if c.group != "basic"} | {
        c.unit for c in controls(TrainOptions) if c.unit
    }
    assert len(said) > 35
    assert said - set(words_zh.WORDS) == set()


def test_a_forecast_is_one_line() -> None:
    class Seen:
        seconds, peak_bytes, disk_bytes, free_bytes, fits = 125.0, 1_200_000_000, 3_000_000, 900_000_000, False
        advice = ("Halve <b>.",)

    said = re.sub(r"<[^>]+>", "", cost.html(Seen()))
    assert (
        said
        == "Forecast about 2:05 · memory 1.2 GB (of 900.0 MB free) · disk 3.0 MB · does not fit this machineHalve &lt;b&gt;."
    )


@pytest.mark.slow
def test_a_run_is_started_steered_and_followed_to_its_end(store: Path, tiny: Path) -> None:
    panel = panel_of({"table": rows(48)}, data="table", model=str(tiny), epochs=400.0, batch_size=8, watch_every=0)
    steering = panel.steering
    assert steering.pause.disabled
    steering.train.click()
    assert steering.train.disabled, "one run at a time"
    until(lambda: steering.run is not None and not steering.pause.disabled, 120)
    assert panel.panel.run is not None
    run = panel.panel.run
    assert run.config["epochs"] == 400.0
    steering.rate.value = "fast"
    steering.apply.click()
    assert "above 0 and at most 10" in steering.said.value
    steering.rate.value = "5e-4"
    steering.apply.click()
    steering.pause.click()
    until(lambda: steering.pause.description == "Resume", 60)
    steering.pause.click()
    steering.stop.click()
    until(lambda: not steering.train.disabled, 60)
    assert run.status == "stopped"
    assert "is stopped" in steering.said.value
    assert len(control_records.names(run.path)) == 4
    assert [mark.kind for mark in run.view.increment().marks if mark.kind == "set_learning_rate"]
