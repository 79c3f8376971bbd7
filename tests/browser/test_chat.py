"""A chat with a knowledge base in a real JupyterLab: Enter asks, also while a cell runs; answers have their sources."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .lab import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
BASE = """%load_ext fmtools
import sys
sys.path.insert(0, {tests!r})
import support, fmtools
from pathlib import Path
rows = [{{"question": "What does a ticket cost?", "answer": "A ticket costs three euros; children travel free."}},
        {{"question": "When is the library open?", "answer": "The library is open from nine to five."}},
        {{"question": "图书馆几点开门？", "answer": "图书馆工作日九点到五点开放。"}}]
town = fmtools.index(rows, name="town", model=str(support.save_encoder(Path("tiny"))))"""
CHAT = "%fm_answer --index town --search words --min-score -1"
BUSY = "import time\nfor _ in range(600): time.sleep(0.1)"


def test_questions_are_answered_beside_a_running_cell(open_notebook: Callable[..., Notebook]) -> None:
    nb = open_notebook("chat.ipynb", BASE.format(tests=str(Path(__file__).parents[1])), "town", CHAT, BUSY)
    for cell in range(3):
        nb.run(cell)
        nb.wait_done(cell, 120)
    expect(nb.cell(1)).to_contain_text("recall_at_3")
    chat = nb.cell(2)
    expect(chat).to_contain_text("A chat with town")
    nb.run(3)
    nb.until("the cell runs", lambda: nb.is_running(3))
    entry = chat.locator('input[type="text"]')
    entry.fill("what does a ticket cost")
    entry.press("Enter")
    expect(chat).to_contain_text("three euros", timeout=60_000)
    entry.fill("图书馆几点开门")
    chat.locator("button", has_text="Send").click()
    expect(chat).to_contain_text("图书馆工作日九点到五点开放。", timeout=60_000)
    assert nb.is_running(3)
    chat.locator("summary").first.click()
    expect(chat.locator("li").first).to_contain_text("What does a ticket cost?")
    nb.shoot("chat")
