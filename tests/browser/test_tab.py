"""An exported model in a tab of the lab, with no network: its answers are those of the worker and of the model server."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from fmtools.core import registry
from fmtools.core.exporting import CARD
from fmtools.core.optimizing import Material
from fmtools.serving.artifact import Artifact
from fmtools.serving.pieces import compute
from fmtools.serving.session import Session
from fmtools.serving.tasks import handler_of
from fmtools.stages.predict import predict
from fmtools.store import artifacts
from fmtools.store.log import LogWriter
from fmtools.store.runs import RunFolder, RunRecord, new_run_id

from .lab import ARTEFACTS, Lab, open_page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
TASK = "text-classification"
TEXTS = [
    "turn on the lamp in the kitchen",
    "PLAY A SONG, please!!",
    "Crème brûlée — naïve façade; œuvre? ÅNGSTRÖM",
    "spaces\tand\nlines\u00a0and\u200bzero width\u0007bell\ufeff",
    "打开厨房的灯 play 一首歌。",
    "👍🏽 emoji, ﬁ ligature, ½ Ⅷ ٣, $5 + 3^2 = `x`",
    "[MASK] tokens that mean something [SEP]",
    "supercalifragilisticexpialidocious" * 5,
    "play the lamp and " * 100,
]


def run_with(lab: Lab, name: str, **kept: Path) -> RunFolder:
    """Write a run into the lab's store whose artefacts are copies of folders."""
    facts = {"name": name, "task": TASK, "model": "tiny", "data": "none"}
    made = RunFolder.create(RunRecord(id=new_run_id(), created=time.time(), **facts), lab.runs.parent)
    log = LogWriter(made.events, 1, 1)
    log.append({"t": time.time(), "attempt": 1, "type": "status", "status": "done"})
    log.close()
    for artefact, source in kept.items():
        save = lambda folder, source=source: shutil.copytree(source, folder, dirs_exist_ok=True)  # noqa: E731
        artifacts.write(made.path, artefact, save, {"run": made.id}, lambda error: None)
    return made


@pytest.fixture(scope="module")
def run(lab: Lab, classifier: Path) -> RunFolder:
    """A run with a model and its export."""
    return run_with(lab, "in the tab", model=classifier.parent / "model", onnx=classifier)


@pytest.fixture(scope="module")
def small(lab: Lab, classifier: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run with an int8 artefact alone."""
    folder = shutil.copytree(classifier, tmp_path_factory.mktemp("int8") / "int8")
    file = json.loads((folder / CARD).read_text())["files"]["model"]
    registry.get("optimizers", "int8-dynamic").optimize(classifier / file, folder / file, Material())
    assert (folder / file).stat().st_size < (classifier / file).stat().st_size
    return run_with(lab, "in 8 bits", int8=folder)


@pytest.fixture(scope="module")
def page(lab: Lab, browser: Browser, run: RunFolder) -> Iterator[Page]:
    page = open_page(browser, lab, "lab/workspaces/tab")
    yield page
    page.screenshot(path=ARTEFACTS / "tab-last.png")
    page.close()


@pytest.fixture(scope="module")
def tab(page: Page, run: RunFolder) -> Locator:
    """The tab that the run's button in the sidebar opens, ready."""
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.wait_for_function("window.jupyterapp?.commands.hasCommand('fmtools:run-in-browser')", timeout=120_000)
    page.evaluate("window.jupyterapp.restored.then(() => window.jupyterapp.commands.execute('fmtools:open-sidebar'))")
    row = page.locator(f"[data-run-id='{run.id}']")
    expect(row).to_be_visible(timeout=60_000)
    assert not [url for url in fetched if ".wasm" in url], "the runtime is loaded before anybody asks for it"
    row.hover()
    row.locator("[data-fm='row-browser']").click()
    tab = page.locator("[data-fm='tab']")
    expect(tab).to_have_attribute("data-state", "ready", timeout=60_000)
    assert [url for url in fetched if ".wasm" in url]
    return tab


def ask(tab: Locator, text: str) -> list[tuple[str, float]]:
    """Put a text into the box and return (label, score) as they are shown, best first."""
    before = int(tab.get_attribute("data-answers") or 0)
    tab.locator("[data-fm='tab-text']").fill(text)
    tab.locator("[data-fm='tab-go']").click()
    expect(tab).to_have_attribute("data-answers", str(before + 1), timeout=30_000)
    rows = tab.locator("[data-fm='tab-results'] li")
    return [
        (str(row.get_attribute("data-label")), float(row.get_attribute("data-score") or "nan")) for row in rows.all()
    ]


def served(folder: Path, text: str) -> list[tuple[str, float]]:
    """Return what the model server answers."""
    artifact = Artifact.open(folder)
    session = Session(artifact.model("model"))
    handler: Any = handler_of(artifact, session)
    pieces, kept = handler.pieces({"text": text})
    answer = handler.answer({"text": text}, kept, compute(session, pieces, artifact.pad_id, False), 5)
    return [(each["label"], each["score"]) for each in answer["top"]]


def same(found: list[tuple[str, float]], wanted: list[tuple[str, float]], off: float = 1e-4) -> None:
    assert [label for label, _ in found] == [label for label, _ in wanted]
    assert [score for _, score in found] == pytest.approx([score for _, score in wanted], abs=off)


def test_the_tab_answers_as_predict_and_the_server_do(tab: Locator, run: RunFolder, lab: Lab) -> None:
    folder = run.path / "artifacts"
    rows = [{"text": text} for text in TEXTS]
    predicted = predict(TASK, str(folder / "model"), rows, {"top": 5})["predictions"]
    assert len({row["label"] for row in predicted}) > 1
    for text, row in zip(TEXTS, predicted, strict=True):
        found = ask(tab, text)
        assert len(found) == 5
        same(found, served(folder / "onnx", text))
        same(found, [(each["label"], each["score"]) for each in row["top"]])
    expect(tab).to_contain_text("no request outside this Jupyter server")
    assert lab.outside == [], "the page asked for something outside this machine"


def test_eight_bits_answer_as_the_server_does(tab: Locator, page: Page, small: RunFolder) -> None:
    command = {"runId": small.id, "artifact": "int8"}
    page.evaluate("args => window.jupyterapp.commands.execute('fmtools:run-in-browser', args)", command)
    eight = page.locator("[data-fm='tab']:visible")
    expect(eight).to_have_attribute("data-state", "ready", timeout=60_000)
    for text in TEXTS:
        # A value that rounds to another of 256 steps, after sums in another order, moves a score a little.
        same(ask(eight, text), served(small.path / "artifacts" / "int8", text), 1e-3)
    page.evaluate("window.jupyterapp.shell.currentWidget.dispose()")


def test_a_model_that_is_not_the_sealed_one_is_refused(tab: Locator, page: Page, run: RunFolder) -> None:
    path = run.path / "artifacts" / "onnx" / "onnx" / "model.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    page.evaluate("window.jupyterapp.shell.currentWidget.dispose()")
    page.evaluate(
        f"window.jupyterapp.commands.execute('fmtools:run-in-browser', {{runId: '{run.id}', artifact: 'onnx'}})"
    )
    expect(page.locator("[data-fm='tab']")).to_have_attribute("data-state", "failed", timeout=30_000)
    expect(page.locator("[data-fm='tab-status']")).to_contain_text("onnx/model.onnx")
    assert tab.count() == 1
