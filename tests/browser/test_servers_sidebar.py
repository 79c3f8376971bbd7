"""Model servers in the sidebar: started, watched, asked and stopped with the mouse; an encrypted one asks for its key."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from fmtools.serving.artifact import Artifact
from fmtools.serving.pieces import compute
from fmtools.serving.session import Session
from fmtools.serving.tasks import handler_of
from fmtools.store.files import new_id
from fmtools.store.services import ServiceFolder, ServiceRecord

from .lab import ARTEFACTS, Lab, open_page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]
TEXT = "turn on the lamp in the kitchen"


@pytest.fixture(scope="module")
def services(lab: Lab, classifier: Path) -> Iterator[dict[str, ServiceFolder]]:
    """Two servers that have ended: one of a tiny classifier, and one whose model is encrypted."""
    made = {}
    for name in ("lamps", "secret"):
        facts = {"artifact": f"{name}/onnx", "folder": str(classifier), "task": "text-classification"}
        record = ServiceRecord(id=new_id(), name=name, created=time.time(), **facts)
        settings = {"folder": str(classifier), "name": name, "sealed": name == "secret"}
        made[name] = ServiceFolder.create(record, settings, lab.runs.parent)
    yield made
    for one in made.values():
        one.end()


@pytest.fixture(scope="module")
def page(lab: Lab, browser: Browser, services: dict[str, ServiceFolder]) -> Iterator[Page]:
    page = open_page(browser, lab, "lab/workspaces/servers")
    page.wait_for_function("window.jupyterapp?.commands.hasCommand('fmtools:open-server')", timeout=120_000)
    page.evaluate("window.jupyterapp.restored.then(() => window.jupyterapp.commands.execute('fmtools:open-sidebar'))")
    yield page
    page.screenshot(path=ARTEFACTS / "servers-last.png")
    page.close()


def answered(folder: Path, text: str) -> list[tuple[str, float]]:
    """Return what the exported model says of a text."""
    artifact = Artifact.open(folder)
    session = Session(artifact.model("model"))
    handler = handler_of(artifact, session)
    pieces, kept = handler.pieces({"text": text})
    found = handler.answer({"text": text}, kept, compute(session, pieces, artifact.pad_id, False), 5)
    return [(each["label"], each["score"]) for each in found["top"]]


def press(row: Locator, hook: str) -> None:
    row.hover()
    row.locator(f"[data-fm='{hook}']").click()


def test_servers_are_started_asked_and_stopped_in_the_lab(
    page: Page, services: dict[str, ServiceFolder], classifier: Path, lab: Lab
) -> None:
    lamps, secret = (page.locator(f"[data-server-id='{one.id}']") for one in services.values())
    expect(lamps).to_have_attribute("data-status", "interrupted", timeout=60_000)
    press(secret, "server-start")
    expect(secret.locator("[data-fm='server-complaint']")).to_contain_text(
        "encrypted: %fm_serve --restart secret --key-file", timeout=20_000
    )
    press(lamps, "server-start")
    expect(lamps).to_have_attribute("data-status", "running", timeout=120_000)
    expect(lamps).to_contain_text("Ready")
    lamps.locator("[data-fm='server-open']").click()
    card = page.locator("[data-fm='server-card']")
    expect(card).to_have_attribute("data-status", "running", timeout=30_000)
    card.locator("[data-fm='server-text']").fill(TEXT)
    for number in range(1, 4):
        card.locator("[data-fm='server-go']").click()
        expect(card.locator(".fm-server-try")).to_have_attribute("data-asked", str(number), timeout=30_000)
    shown = [
        (str(row.get_attribute("data-label")), float(row.get_attribute("data-score") or "nan"))
        for row in card.locator("[data-fm='server-answer'] li").all()
    ]
    wanted = answered(classifier, TEXT)
    assert [label for label, _ in shown] == [label for label, _ in wanted]
    assert [score for _, score in shown] == pytest.approx([score for _, score in wanted], abs=1e-4)
    tile = card.locator("[data-fm='server-figures'] > div", has=page.get_by_text("Requests", exact=True))
    expect(tile.locator("dd")).to_have_text("3", timeout=20_000)
    facts = lamps.locator("[data-fm='server-facts']")
    expect(facts).to_have_text(re.compile(r"^0\.\d+/s · p95 [\d.]+ ms · lamps/onnx$"), timeout=20_000)
    page.screenshot(path=ARTEFACTS / "servers-1-ready.png")
    press(lamps, "server-stop")
    expect(lamps).to_have_attribute("data-status", "stopped", timeout=60_000)
    expect(card.locator("[data-fm='server-go']")).to_be_disabled()
    page.screenshot(path=ARTEFACTS / "servers-2-stopped.png")
    assert services["lamps"].state["status"] == "stopped"
    assert services["lamps"].token not in page.content()
    assert lab.outside == []
