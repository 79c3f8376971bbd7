"""What a watch for trouble answers with, and what its sentences recommend."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One trouble: its name as in NoticeEvent.trouble, the step where it lies, a sentence with figures, one with advice."""

    trouble: str
    step: int
    said: str
    advice: str = ""

    @property
    def text(self) -> str:
        return f"{self.said} {self.advice}".strip()


@dataclass(frozen=True)
class Advice:
    """What the sentences recommend. `lower` and `higher` are rates as options: "--learning-rate 1e-05"."""

    lower: str = "a lower --learning-rate"
    higher: str = "a higher --learning-rate"
    regularise: str = "--keep best or --patience 2"
