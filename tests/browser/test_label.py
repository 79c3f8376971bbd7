"""Labelling in a real JupyterLab: keys, selecting text, a kernel that is killed, a new version with exactly the changes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from .lab import Lab, Notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]
Opener = Callable[..., Notebook]

ROWS = """%load_ext fmtools
import fmtools
TEXTS = ["The parcel came early and the colour is lovely.", "Broken after two days, and nobody answers my letters.",
         "Soft, warm, and the size fits well.", "It arrived in time.", "<img src=x onerror=alert(1)> is what the page said.",
         "The handle came off at once.", "A gift for my sister; she loves it.", "Smells of glue, even after a week."]
GIVEN = ["good", "good", "good", "good", "bad", "bad", "good", "bad"]
rows = [{"text": text, "label": label} for text, label in zip(TEXTS, GIVEN)]
news = [{"tokens": line.split(), "tags": ["O"] * len(line.split())} for line in
        ["Anna Berg flew from Oslo to Rome .", "The Nordic Bank opened an office in Rome ."]]
import os
print("kernel", os.getpid())"""
OPEN = "labels = %fm_label rows --name shop --order given"
NEWS = "%fm_label news --name news --labels PER,LOC,ORG"
AFTER = """%load_ext fmtools
import os
print("kernel", os.getpid())"""
AGAIN = "labels = %fm_label shop --order given"
SAVED = """print(labels.version, labels.progress)
%fm_data shop@v2 --diff shop@v1"""
TAGS = """for tags in fmtools.load_data("news@v2").frame()["tags"]: print(list(tags))"""
BUSY = "import time\nfor _ in range(200): time.sleep(0.1)"


def widget(nb: Notebook, cell: int) -> Locator:
    found = nb.cell(cell).locator('[data-fm="label"]')
    expect(found).to_be_visible(timeout=60_000)
    expect(found.locator('[data-fm="saved"]')).to_have_text("Saved", timeout=60_000)
    return found


def press(label: Locator, *keys: str) -> None:
    """Press keys one after the other; each is answered before the next."""
    for key in keys:
        label.page.keyboard.press(key)
        expect(label.locator('[data-fm="saved"]')).to_have_text("Saved")


def kernel_of(nb: Notebook, cell: int) -> int:
    return int(nb.output(cell).split("kernel")[1].split()[0])


def test_keys_a_killed_kernel_and_a_new_version(open_notebook: Opener, lab: Lab) -> None:
    nb = open_notebook("label.ipynb", ROWS, OPEN, BUSY, AFTER, AGAIN, SAVED)
    nb.run(0)
    nb.wait_done(0)
    nb.run(1)
    label = widget(nb, 1)
    expect(nb.cell(1).locator("text=Labels of shop@v1")).to_have_count(1)
    expect(nb.cell(1).locator("text=Labels of shop@v1")).not_to_be_visible()
    assert "Row 1 of 8" in label.inner_text()
    assert label.locator("img").count() == 0
    label.locator('[data-fm="row"]').click()
    nb.shoot("label-1")
    # good = 2, bad = 1: the first is right, the second is wrong, the third is right, the fourth goes.
    press(label, "Enter", "1", "Enter", "r")
    nb.run(2)  # from here on the kernel is busy: keys act all the same
    nb.until("busy", lambda: nb.is_running(2))
    label.locator('[data-fm="row"]').click()
    press(label, "2")
    assert nb.is_running(2)
    expect(label.locator('[data-fm="counts"]')).to_contain_text("5 of 8 done · 2 changed · 1 removed")
    assert nb.page.locator(".jp-CodeCell").count() == 6, "no key reached the notebook"
    nb.shoot("label-2")
    os.kill(kernel_of(nb, 0), signal.SIGKILL)
    nb.page.locator(".jp-Dialog .jp-mod-accept").click(timeout=30_000)
    nb.wait_ready()
    nb.run(3)
    nb.wait_done(3)
    nb.run(4)
    again = widget(nb, 4)
    expect(again.locator('[data-fm="counts"]')).to_contain_text("5 of 8 done · 2 changed · 1 removed")
    expect(again.locator('[data-fm="place"]')).to_have_text("Row 6 of 8")
    again.locator('[data-fm="save"]').click()
    expect(again.locator('[data-fm="saved"]')).to_have_text("Kept as shop@v2", timeout=20_000)
    expect(nb.cell(4).locator("text=Labels of shop@")).not_to_be_visible()
    nb.run(5)
    nb.wait_done(5)
    said = nb.output(5)
    assert "shop@v2" in said
    for sentence in ("removed 1", "changed 2", "same 5"):
        assert sentence in said, said
    assert lab.outside == []
    # A notebook that is opened again without its kernel shows how far one was.
    nb.page.keyboard.press("Control+s")
    nb.page.wait_for_timeout(1500)
    nb.page.evaluate("window.jupyterapp.serviceManager.sessions.shutdownAll()")
    nb.page.on("dialog", lambda dialog: dialog.accept())
    nb.page.reload(wait_until="domcontentloaded")
    expect(nb.cell(4).locator("text=Labels of shop@v2: 4 / 7 rows done")).to_be_visible(timeout=60_000)
    nb.shoot("label-5-no-kernel")


def test_an_entity_by_selecting_text(open_notebook: Opener) -> None:
    nb = open_notebook("label-news.ipynb", ROWS, NEWS, TAGS)
    nb.run(0)
    nb.wait_done(0)
    nb.run(1)
    label = widget(nb, 1)
    select(label, 0, 1)
    press(label, "1")
    expect(label.locator('mark[data-kind="PER"]')).to_have_text("Anna BergPER")
    # With the keys alone: a cursor on words from where the mouse was last, shift for several.
    for key in ("ArrowRight", "ArrowRight", "ArrowRight"):
        nb.page.keyboard.press(key)
    press(label, "2")
    expect(label.locator('mark[data-kind="LOC"]')).to_have_text("OsloLOC")
    nb.shoot("label-3-news")
    label.locator('mark[data-kind="LOC"]').click()
    expect(label.locator("mark")).to_have_count(1)
    press(label, "Enter")
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowRight"):
        nb.page.keyboard.press(key)
    press(label, "3", "Enter")
    expect(label.locator('[data-fm="counts"]')).to_contain_text("Every row is done.")
    nb.page.evaluate("window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    press(label, "k")
    nb.page.wait_for_timeout(1500)
    nb.shoot("label-4-dark")
    label.locator('[data-fm="save"]').click()
    expect(label.locator('[data-fm="saved"]')).to_have_text("Kept as news@v2", timeout=20_000)
    nb.run(2)
    nb.wait_done(2)
    assert "['B-PER', 'I-PER', 'O', 'O', 'O', 'O', 'O', 'O']" in nb.output(2)
    assert "['O', 'B-ORG', 'I-ORG', 'O', 'O', 'O', 'O', 'O', 'O']" in nb.output(2)


def select(label: Locator, first: int, last: int) -> None:
    """Select from one word to another with the mouse."""
    boxes = [label.locator(f'[data-i="{i}"]').bounding_box() for i in (first, last)]
    assert boxes[0]
    assert boxes[1]
    mouse = label.page.mouse
    mouse.move(boxes[0]["x"] + 1, boxes[0]["y"] + boxes[0]["height"] / 2)
    mouse.down()
    mouse.move(boxes[1]["x"] + boxes[1]["width"] - 1, boxes[1]["y"] + boxes[1]["height"] / 2, steps=5)
    mouse.up()
