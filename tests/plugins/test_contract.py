"""The contract, for every registered plug-in: built-ins and guests pass the same tests."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import fmtools
import samples
from fmtools.core import registry
from fmtools.core.contracts import GROUPS, Dataset, ModelCard, ModelSource, Source, Task
from fmtools.core.errors import FmError
from fmtools.core.exporting import Exporter
from fmtools.core.following import Follower
from fmtools.core.optimizing import Optimizer
from fmtools.core.options import TrainOptions

SHAPES: dict[str, Any] = {
    "tasks": Task, "sources": Source, "models": ModelSource, "followers": Follower, "exporters": Exporter,
    "optimizers": Optimizer,
}  # fmt: skip
EVERY = [(kind, name) for kind in GROUPS for name in registry.names(kind)]


def named(kind: str) -> list[str]:
    return registry.names(kind)


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_it_has_the_shape_and_the_name_it_is_registered_under(kind: str, name: str) -> None:
    plugin = registry.get(kind, name)
    assert isinstance(plugin, SHAPES[kind])
    assert plugin.name == name
    for method, declared in inspect.getmembers(SHAPES[kind], inspect.isfunction):
        if method.startswith("_"):
            continue
        wanted = [p for p in inspect.signature(declared).parameters if p != "self"]
        assert list(inspect.signature(getattr(plugin, method)).parameters) == wanted, method


#: Loads one plug-in after another in a process of its own, and says of each what heavy things came with it.
LOADER = """
import json, sys, traceback
from fmtools.core import registry
heavy = {"torch", "transformers", "datasets", "pandas", "pyarrow", "sklearn", "matplotlib"}
told, before = [], set()
for kind, name in json.loads(sys.argv[1]):
    trouble = ""
    try:
        registry.get(kind, name)
    except BaseException:
        trouble = traceback.format_exc()
    told.append([sorted(heavy & set(sys.modules) - before), trouble])
    before |= heavy & set(sys.modules)
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def brought() -> dict[tuple[str, str], list[Any]]:
    """What each plug-in brought along when it was loaded: [heavy modules, trouble]."""
    command = [sys.executable, "-c", LOADER, json.dumps(EVERY)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return dict(zip(EVERY, json.loads(done.stdout.splitlines()[-1]), strict=True))


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_a_kernel_may_load_it_without_anything_heavy(
    kind: str, name: str, brought: dict[tuple[str, str], list[Any]]
) -> None:
    assert brought[kind, name] == [[], ""]


@pytest.mark.parametrize("name", named("sources"))
def test_a_source_says_what_it_reads(name: str) -> None:
    source = registry.get("sources", name)
    assert source.summary
    assert "\n" not in source.summary
    assert all(ending.startswith(".") and ending == ending.lower() for ending in source.endings)
    for strange in (None, 3, "no such thing", object(), b"bytes"):
        assert source.accepts(strange) is False


@pytest.mark.parametrize(("name", "word"), [(n, w) for n in named("sources") for w in registry.get("sources", n).names])
def test_a_built_in_set_loads_and_accounts_for_its_rows(name: str, word: str) -> None:
    try:
        data = registry.get("sources", name).load(word)
    except FmError as error:
        said = error.cure
    else:
        said = ""
    if said:
        assert "pip install" in said or "%fm_get" in said  # not there: then the line that brings it
        return
    assert isinstance(data, Dataset)
    assert data.licence
    assert data.origin
    assert data.read == sum(data.rows.values()) + sum(data.dropped.values()) > 0


@pytest.mark.parametrize(
    ("name", "ending"), [(n, e) for n in named("sources") for e in registry.get("sources", n).endings]
)
def test_a_source_words_a_file_it_cannot_read(name: str, ending: str, tmp_path: Path) -> None:
    contents = [b"", b"\x00\x01\x02" * 50, b'{"a": [']
    for number, content in enumerate(contents[:2] if name == "text" else contents):  # half an object is a text
        path = tmp_path / f"broken{number}{ending}"
        path.write_bytes(content)
        with pytest.raises(FmError) as caught:
            registry.get("sources", name).load(str(path))
        assert caught.value.cause
        assert "\n" not in caught.value.cause
        assert path.name in str(caught.value)


@pytest.mark.parametrize("name", named("models"))
def test_a_model_knows_its_card_and_its_folder(name: str) -> None:
    source = registry.get("models", name)
    card = source.card()
    assert isinstance(card, ModelCard)
    assert card.name == name
    assert set(card.tasks) <= set(registry.names("tasks"))
    assert card.parameters > 0
    assert card.licence
    if card.folder is None:
        with pytest.raises(FmError, match="not installed"):
            source.folder()
        return
    weights = source.folder() / "model.safetensors"
    assert weights.stat().st_size == card.disk_bytes


@pytest.mark.parametrize("name", named("tasks"))
def test_a_task_prepares_without_torch_and_aligns_to_itself(name: str) -> None:
    task = registry.get("tasks", name)
    data = registry.get("sources", "frame").load(samples.rows_for(name))
    options = TrainOptions(task=name, data="x")
    prepared = task.prepare(data, options.with_defaults(task.defaults(options)))
    assert {"train", "validation"} <= set(prepared.splits)
    assert sum(table.num_rows for table in prepared.splits.values()) == data.rows["all"]
    again = task.align(data, prepared.meta)
    assert {c for t in again.splits.values() for c in t.column_names} == set(prepared.splits["train"].column_names)
    assert sum(table.num_rows for table in again.splits.values()) == data.rows["all"]
    assert task.prepare(data, options.with_defaults(task.defaults(options))).splits == prepared.splits


@pytest.mark.parametrize("name", named("tasks"))
@pytest.mark.slow
@pytest.mark.usefixtures("store")
def test_a_task_trains_scores_and_answers(name: str, tiny: Path) -> None:
    task, data = registry.get("tasks", name), samples.rows_for(name)
    run = fmtools.train(name, data=data, **samples.options_for(name, tiny))
    assert run.status == "done"
    assert task.main_metric in run.metrics
    scores = run.evaluate(data=data[:12])
    assert scores.rows > 0
    assert task.main_metric in scores.metrics
    answers = fmtools.predict(run.id, **samples.question_for(name))
    assert len(answers) == 1
    assert answers.text()
    assert "<script>" not in answers.html()  # every question carries one
    _attention_fits(run)
    simple = fmtools.baseline(data, task=name, **samples.baseline_for(name, tiny))
    assert simple.metrics
    assert simple.run


def _attention_fits(run: fmtools.Run) -> None:
    """A task shows square maps of its tokens, or says in one sentence that there are none."""
    seen, told = None, ""
    try:
        seen = run.attention("good day")
    except FmError as error:
        told = error.cause
    assert "attention" in told if seen is None else seen.weights.shape[-2:] == (len(seen.tokens), len(seen.tokens))


@pytest.mark.parametrize("name", named("exporters"))
def test_an_exporter_says_what_it_takes_and_what_it_lacks(name: str) -> None:
    exporter = registry.get("exporters", name)
    assert exporter.summary
    assert "\n" not in exporter.summary
    assert exporter.format
    assert set(exporter.tasks) <= set(named("tasks"))
    assert 0 < exporter.tolerance <= 0.01
    lacks = []
    try:
        exporter.check()
    except FmError as error:
        lacks = [error.cure]
    assert all("pip install" in cure for cure in lacks)
