"""The static card: one bundle for every front end, honest about NaN, and safe with names that are markup."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import pytest

from fmtools.core.wire import MIME_TYPE, RunBundle
from fmtools.store.runs import RunFolder
from fmtools.views.card import POINTS, curves_of, duration, mime_bundle
from fmtools.views.follow import RunView

EVIL = "<img src=x onerror=alert(1)>"
TOKENS = ["[CLS]", EVIL, "猫", "[SEP]"]


@pytest.fixture
def view(make_run: Callable[..., RunFolder]) -> RunView:
    """A run of 1,000 steps with one NaN loss, two evaluations, and an attention snapshot of 2 layers and 2 heads."""
    steps = [
        {"type": "step", "step": i, "epoch": i / 500, "loss": 3 / i if i != 700 else math.nan, "learning_rate": 1e-4, "seconds": 0.1, "samples": 16}
        for i in range(1, 1001)
    ]  # fmt: skip
    evals = [
        {"type": "eval", "step": s, "epoch": s / 500, "split": "validation", "metrics": {"accuracy": a}}
        for s, a in ((500, 0.8), (1000, 0.9))
    ]
    plan = {"type": "plan", "total_steps": 1000, "epochs": 2.0, "batch_size": 16}
    run = make_run([{"type": "status", "status": "running"}, plan, *steps, *evals], name=EVIL)
    name = next(run.events.glob("*.jsonl")).with_suffix(".attention")
    name.write_bytes(bytes(range(64)))
    return _with_attention(run, name.name)


def _with_attention(run: RunFolder, file: str) -> RunView:
    from fmtools.store.log import LogWriter

    writer = LogWriter(run.events, 1, 2000)
    frame = {
        "step": 1000,
        "probe": 0,
        "text": EVIL,
        "tokens": TOKENS,
        "layers": 2,
        "heads": 2,
        "file": file,
        "offset": 0,
        "length": 64,
    }
    writer.append({"type": "attention", "t": 1.0, "attempt": 1, **frame})
    writer.append({"type": "status", "t": 2.0, "attempt": 1, "status": "done"})
    writer.close()
    view = RunView(run)
    view.update()
    return view


def test_bundle_holds_every_form(view: RunView) -> None:
    bundle = mime_bundle(view)
    assert set(bundle) == {MIME_TYPE, "text/html", "image/png", "text/plain"}
    assert bundle["image/png"].startswith(b"\x89PNG")
    live = RunBundle.model_validate(bundle[MIME_TYPE])
    assert live.snapshot.head.status == "done"
    assert live.attention[0].step == 1000


def test_nan_stays_nan_and_the_json_is_strict(view: RunView) -> None:
    text = json.dumps(mime_bundle(view)[MIME_TYPE], allow_nan=False)
    values = [p["value"] for p in json.loads(text)["snapshot"]["points"] if p["series"] == "loss" and p["step"] == 700]
    assert values == ["NaN"], "thinning keeps a NaN, and says it as browsers can read it"


def test_points_are_thinned_with_both_ends(view: RunView) -> None:
    steps, values = curves_of(view.increment(max_points=POINTS))["loss"]
    assert len(steps) <= POINTS
    assert (steps[0], steps[-1]) == (1, 1000)
    assert values[0] == 3.0


def test_names_and_tokens_are_text_not_markup(view: RunView) -> None:
    html = mime_bundle(view)["text/html"]
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html


def test_curve_breaks_where_the_loss_is_nan(view: RunView) -> None:
    loss_chart = mime_bundle(view)["text/html"].split("<svg")[1]
    assert loss_chart.count("<polyline") == 2, "a gap, not a line through it"


def test_given_picture_is_not_drawn_again(view: RunView) -> None:
    assert mime_bundle(view, b"drawn before")["image/png"] == b"drawn before"


@pytest.mark.parametrize(("seconds", "said"), [(None, "–"), (8.9, "8 s"), (125, "2:05"), (3725, "1:02:05")])
def test_duration(seconds: float | None, said: str) -> None:
    assert duration(seconds) == said
