"""Trouble on the static card: a sentence in its colour, a line in the picture at its step, once however often it came."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np

from fmtools.store.runs import RunFolder
from fmtools.views.card import html
from fmtools.views.follow import RunView
from fmtools.views.markup import TROUBLE_COLOUR
from fmtools.views.pictures import run_png

STEPS = [{"type": "step", "step": n, "epoch": n / 9, "loss": 1 / n, "learning_rate": 1e-3} for n in range(1, 10)]
SAID = "The loss rose from 0.2 to <b>3</b> at step 5."
TROUBLE = {"type": "notice", "text": SAID, "level": "warning", "step": 5, "trouble": "spike"}


def view_of(run: RunFolder) -> RunView:
    view = RunView(run)
    view.update()
    return view


def pink(png: bytes) -> int:
    """Return how many pixels of a picture have about the colour of trouble."""
    from PIL import Image

    wanted = np.array([int(TROUBLE_COLOUR[i : i + 2], 16) for i in (1, 3, 5)])
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    return int((np.abs(pixels - wanted).max(-1) < 25).sum())


def test_trouble_is_on_the_card_and_in_the_picture(make_run: Callable[..., RunFolder]) -> None:
    plain, increment = view_of(make_run(STEPS)).increment(), view_of(make_run([*STEPS, TROUBLE])).increment()
    assert [(m.kind, m.step, m.text) for m in increment.marks] == [("trouble-spike", 5, SAID)]
    card = html(increment, [])
    assert TROUBLE_COLOUR in card
    assert "to &lt;b&gt;3&lt;/b&gt; at step 5" in card
    assert TROUBLE_COLOUR not in html(plain, [])
    assert pink(run_png(increment, [])) > 50 > pink(run_png(plain, []))


def test_the_same_trouble_of_a_resumed_run_is_one_sentence(
    make_run: Callable[..., RunFolder], append: Callable[..., Any]
) -> None:
    run = make_run([*STEPS, TROUBLE])
    again = {"type": "status", "status": "running", "from_step": 3}
    append(run, [again, *STEPS[3:], TROUBLE], attempt=2, first_seq=20)
    increment = view_of(run).increment()
    assert [n.text for n in increment.notices] == [SAID]
    assert [m.step for m in increment.marks if m.kind == "trouble-spike"] == [5]
