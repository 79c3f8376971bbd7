"""What the server answers is what `fmtools predict` answers, for every task, also in batches and over long texts."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

import serving_models as models
from fmtools.core import registry
from fmtools.core.options import PredictOptions
from fmtools.serving.model import Model
from fmtools.serving.problems import Problem
from fmtools.serving.settings import Settings
from fmtools.serving.tasks.base import Asked

pytestmark = pytest.mark.slow
TEXTS = [
    "Ada Lovelace lived in London , and Charles Babbage's engine in S. Kensington.",
    "猫抓老鼠 in the café",
    "",
    "word " * 300 + "Paris",
    "short",
]
FACTS: dict[str, dict[str, Any]] = {"sentence-similarity": {"max_length": 40}}
ASKED: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "text-classification": ({"text": TEXTS}, [{"text": text} for text in TEXTS]),
    "token-classification": ({"text": TEXTS}, [{"text": text} for text in TEXTS]),
    "question-answering": (
        {"question": ["who lived in London?", "why " * 60], "context": " ".join(TEXTS)},
        [{"question": q, "context": " ".join(TEXTS)} for q in ("who lived in London?", "why " * 60)],
    ),
    "fill-mask": (
        {"text": ["the ___ sat on the [MASK].", "___"]},
        [{"text": "the ___ sat on the [MASK]."}, {"text": "___"}],
    ),
    "sentence-similarity": (
        {"text": TEXTS, "pair": "a cat"},
        [{"text": text, "pair": "a cat"} for text in TEXTS],
    ),
}


@pytest.mark.parametrize("task", list(ASKED))
def test_answers_are_those_of_predict(task: str, tmp_path: Path) -> None:
    plugin = registry.get("tasks", task)
    source = models.trained(task, tmp_path / "model")
    loaded = plugin.load(source)
    folder = models.write(task, loaded, source, tmp_path / "onnx", **FACTS.get(task, {}))
    body, rows = ASKED[task]
    truth = plugin.predict(loaded, [dict(row) for row in rows], PredictOptions(run="last", top=4))

    model = Model.load(Settings(str(folder), queue=1000))

    async def ask() -> list[dict[str, Any]]:
        asked = model.handler.rows(Asked(**body, top=4))
        alone = [await model.predict([row], 4, time.monotonic() + 60) for row in asked]
        together = await model.predict(asked, 4, time.monotonic() + 60)
        assert_equal(together, [one[0] for one in alone])
        return together

    assert_equal(asyncio.run(ask()), truth)


def assert_equal(found: Any, wanted: Any) -> None:
    """Compare answers: texts and places exactly, numbers to 1e-5."""
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys()
        for key in wanted:
            assert_equal(found[key], wanted[key])
    elif isinstance(wanted, list):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            assert_equal(one, other)
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, abs=2e-5)
    else:
        assert found == wanted


def test_a_field_that_a_model_does_not_read_is_named(tmp_path: Path) -> None:
    from fmtools.serving.tasks.base import TextRows

    handler = TextRows()
    for body, field in (({}, "text"), ({"text": "a", "pair": "b"}, "pair"), ({"text": []}, "text")):
        with pytest.raises(Problem) as refused:
            handler.rows(Asked(**body))
        assert (refused.value.status, refused.value.field) == (422, field)
