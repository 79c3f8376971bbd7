"""Looks at a model while it trains: attention of watched sentences, texts that it writes. None of them ends a training."""

from __future__ import annotations

from typing import Any

from ...core.contracts import Context, Parts, Task
from ...core.events import NoticeEvent, SampleEvent


def snapshots(context: Context, task: Task, parts: Parts) -> Any:
    """Return a function that records the watched sentences' attention at a step; a model that gives none is said once."""
    off: list[bool] = []

    def snapshot(step: int) -> None:
        if off:
            return
        try:
            for number, text in enumerate(parts.probes):
                context.attention(step, number, text, *task.attention((parts.model, parts.tokenizer), text))
        except Exception as error:  # looking at a model must never end its training
            off.append(True)
            context.emit(NoticeEvent(text=f"Attention is not shown: {error}", level="warning"))

    return snapshot


def samples(context: Context, parts: Parts) -> Any:
    """Return a function that lets the model write after each beginning at a step; one that cannot is said once."""
    off: list[bool] = []

    def sample(step: int) -> None:
        if off or parts.sample is None:
            return
        try:
            for prompt, text in parts.sample():
                context.emit(SampleEvent(step=step, prompt=prompt, text=text))
        except Exception as error:  # looking at a model must never end its training
            off.append(True)
            context.emit(NoticeEvent(text=f"No texts are shown: {error}", level="warning"))

    return sample
