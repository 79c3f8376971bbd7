"""Texts on the card: what a model writes while it learns, Chinese tokens under their own font, details of the evaluation."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .lab import Lab, Notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
Opener = Callable[..., Notebook]

ROWS = """rows = [{"text": f"{who}{what}，{how}。"} for who in ("猫", "狗", "小鸟", "孩子") for what in ("抓老鼠", "吃苹果", "看大海", "睡觉")
        for how in ("很好", "很快", "很高兴", "不累")]"""
WRITE = (
    "run = %fm_train text-generation --from-scratch --tokenizer characters --data rows --layers 2 --heads 2 --width 32 "
    "--max-length 16 --batch-size 4 --epochs 60 --learning-rate 3e-3 --watch 猫抓老 --watch-every 10 --sample-every 10 --sample-tokens 8"
)


def test_a_writer_shows_its_texts_and_chinese_tokens(open_notebook: Opener, lab: Lab) -> None:
    nb = open_notebook("texts.ipynb", "%load_ext fmtools", ROWS, WRITE)
    for cell in (0, 1):
        nb.run(cell)
        nb.wait_done(cell)
    nb.run(2)
    expect(nb.card).to_be_visible(timeout=60_000)
    samples = nb.hook("samples")
    expect(samples).to_be_visible(timeout=90_000)
    step = nb.hook("sample-step")
    first = step.inner_text()
    nb.until("another text", lambda: step.inner_text() != first, 90)
    expect(samples).to_contain_text("猫抓老")
    tokens = nb.card.locator("[data-fm='attention-tokens']")
    nb.until("tokens", lambda: "猫" in " ".join(tokens.all_text_contents()), 60)
    nb.wait_done(2, 120)
    nb.page.wait_for_timeout(500)  # a font that has just come is painted a frame later
    nb.hook("results").scroll_into_view_if_needed()
    assert nb.page.evaluate(
        "document.fonts.ready.then(fonts => [...fonts].some(f => f.family.includes('fm-chinese') && f.status === 'loaded'))"
    )
    opened = nb.card.locator("[data-fm='details'] summary").first
    opened.click()
    expect(nb.card.locator("[data-fm='details'] table").first).to_be_visible()
    nb.shoot("texts-1-results")
    samples.scroll_into_view_if_needed()
    nb.shoot("texts-2-written")
    nb.hook("attention").scroll_into_view_if_needed()
    nb.shoot("texts-3-attention")
    assert lab.outside == [], "the page asked for something outside this machine"
