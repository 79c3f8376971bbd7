"""`--compile on` of a language model: model and loss in one graph learn what they learn without it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import fmtools
from support import rows, steps_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler here"),
]


def test_a_compiled_language_model_learns_the_same(store: Path) -> None:
    texts = [{"text": row["text"]} for row in rows(60)]
    steps = {
        compiled: steps_of(
            fmtools.train(
                "text-generation", model="gpt2", data=texts, from_scratch=True, layers=1, heads=2, width=16,
                tokenizer="characters", max_length=32, batch_size=4, gradient_accumulation=2, max_steps=6, dropout=0.0,
                learning_rate=1e-2, watch_every=0, sample_every=0, precision="fp32", compile=compiled,
            )
        )
        for compiled in ("off", "on")
    }  # fmt: skip
    losses = {compiled: [step["loss"] for step in steps[compiled]] for compiled in steps}
    assert len(losses["on"]) == 6
    assert losses["on"] == pytest.approx(losses["off"], abs=1e-4)
    assert losses["on"][-1] < losses["on"][0]
    seconds = {compiled: [step["seconds"] for step in steps[compiled]] for compiled in steps}
    assert seconds["on"][0] > 20 * seconds["on"][-1]  # the first step compiles, the others use what it made
