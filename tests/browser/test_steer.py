"""Evaluate now, save now and extend: buttons of the card, and the menu of the sidebar."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .lab import Lab, Notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]
TRAIN = "run = %fm_train text-classification --model minilm --data intents --epochs 3 --watch-every 0"


def obeyed(lab: Lab) -> list[tuple[object, object, object]]:
    return [(e["action"], e["value"], e["by"]) for e in lab.events("control")]


def test_card_and_sidebar(open_notebook: Callable[..., Notebook], lab: Lab) -> None:
    nb = open_notebook("steer.ipynb", "%load_ext fmtools", TRAIN)
    nb.run(0)
    nb.wait_done(0)
    nb.run(1)
    expect(nb.card).to_be_visible(timeout=60_000)
    nb.until("first points", lambda: nb.number("points") >= 2)
    nb.hook("pause").click()  # in a pause: what is asked for is done all the same
    nb.until("paused", lambda: nb.status() == "paused", 15)
    nb.hook("extend-input").fill("2")
    nb.hook("extend").click()
    nb.until("extended", lambda: ("extend", 2.0, "lab") in obeyed(lab), 15)
    expect(nb.hook("ack")).to_contain_text("Extended by 2 epochs", timeout=10_000)
    expect(nb.card).to_contain_text("of 5")
    nb.hook("save").click()
    nb.until("saved", lambda: bool(lab.events("checkpoint")), 30)
    expect(nb.hook("ack")).to_contain_text("Checkpoint", timeout=10_000)  # else it may come over the next answer
    nb.hook("extend-input").fill("0")
    nb.hook("extend").click()
    expect(nb.hook("ack")).to_contain_text("above 0")
    nb.hook("evaluate").click()
    nb.until("evaluated", lambda: bool(lab.events("eval")), 90)
    nb.shoot("steer-1-card")
    nb.page.evaluate("window.jupyterapp.shell.activateById('fmtools-sidebar')")
    nb.page.locator("[data-fm='row-more']:visible").first.click()
    nb.shoot("steer-2-sidebar")
    nb.page.locator(".fm-steer-menu .lm-Menu-itemLabel", has_text="One epoch more").click()
    nb.until("extended again", lambda: ("extend", 1.0, "lab") in obeyed(lab), 15)
    nb.hook("stop").click()
    nb.until("stopped", lambda: nb.status() == "stopped", 30)
