"""A language model behind OpenAI's routes: the texts of `fmtools predict`, at once and as a stream."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import serving_models
from fmtools.core import registry
from fmtools.core.options import PredictOptions
from fmtools.serving.sampling import Chooser, Sampling

PROMPT = "the cat and the dog"


def test_tokens_are_chosen_as_asked() -> None:
    logits = np.array([1.0, 3.0, 2.0, -1.0])
    assert Chooser(Sampling())(logits, []) == 1
    assert Chooser(Sampling(repetition_penalty=2.0))(logits, [1]) == 2  # 3.0 / 2 is less than 2.0
    drawn = Chooser(Sampling(temperature=1.0, seed=1))
    counts = np.bincount([drawn(logits, []) for _ in range(4000)], minlength=4) / 4000
    wanted = np.exp(logits) / np.exp(logits).sum()
    assert np.abs(counts - wanted).max() < 0.03
    few = Chooser(Sampling(temperature=5.0, top_k=2))
    assert {few(logits, []) for _ in range(200)} == {1, 2}
    sure = Chooser(Sampling(temperature=1.0, top_p=0.5))
    assert {sure(logits, []) for _ in range(50)} == {1}
    again = [Chooser(Sampling(temperature=2.0, seed=7)) for _ in range(2)]
    assert [again[0](logits, []) for _ in range(20)] == [again[1](logits, []) for _ in range(20)]


@pytest.mark.slow
def test_texts_are_those_of_predict(tmp_path: Path, start: Callable[..., Any]) -> None:
    loaded, folder = serving_models.writer(tmp_path)
    task = registry.get("tasks", "text-generation")
    ask = PredictOptions(run="last", max_new_tokens=70)  # beyond the 48 tokens that the model reads at once
    truth = task.predict(loaded, [{"text": PROMPT}], ask)[0]["generated_text"]
    talk = [{"role": "user", "content": "what is a cat?"}]
    answer = task.predict(loaded, [{"text": "", "messages": talk}], PredictOptions(run="last", max_new_tokens=12))
    server = start(folder, name="writer", deadline=60.0)
    http = server.http

    plain = http.post("/v1/completions", json={"prompt": PROMPT, "max_tokens": 70}).json()
    assert PROMPT + plain["choices"][0]["text"] == truth
    assert plain["usage"]["completion_tokens"] <= 70
    short = task.predict(loaded, [{"text": PROMPT}], PredictOptions(run="last"))[0]["generated_text"]
    assert server.predict(PROMPT).json()["predictions"][0] == {"text": PROMPT, "generated_text": short}

    chat = {"messages": talk, "max_tokens": 12}
    said = http.post("/v1/chat/completions", json=chat).json()["choices"][0]
    assert said["message"]["content"].strip() == answer[0]["generated_text"]
    with http.stream("POST", "/v1/chat/completions", json={**chat, "stream": True}) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        lines = [line[6:] for line in stream.iter_lines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    parts = [json.loads(line)["choices"][0] for line in lines[:-1]]
    assert len(parts) > 4
    assert "".join(part["delta"].get("content", "") for part in parts) == said["message"]["content"]
    assert parts[-1]["finish_reason"] == said["finish_reason"]

    word = plain["choices"][0]["text"].split()[3]
    cut = http.post("/v1/completions", json={"prompt": PROMPT, "max_tokens": 70, "stop": [word]}).json()["choices"][0]
    assert cut["finish_reason"] == "stop"
    assert word not in cut["text"]
    assert plain["choices"][0]["text"].startswith(cut["text"])
    late = http.post(
        "/v1/completions", json={"prompt": PROMPT, "max_tokens": 8192}, headers={"X-Request-Deadline": "0.2"}
    )
    assert late.status_code == 504
    assert http.post("/v1/chat/completions", json={"messages": []}).status_code == 422
    assert http.post("/v1/embeddings", json={"input": "a"}).status_code == 422
