"""A small T5 from scratch on verses of the set `bible`, as a summarizer would learn it, beside the first sentence of the source.

No set that comes in a package holds texts with their short versions. Verses in two languages ask the same of the model: to
write another text, scored by ROUGE.
"""

from __future__ import annotations

from .figures import Aim, Figure
from .settings import Settings
from .translation import OPTIONS, trained


def run(settings: Settings) -> list[Figure]:
    """Train once and score every short verse of the test split; quick: few rows, one epoch."""
    base, scores, seconds, rows = trained("summarization", {**OPTIONS, "model": "t5", "epochs": 8}, settings)
    return [
        Figure("ROUGE-L, T5 from scratch", [scores["rougel"]], "", Aim(">=", base["rougel"]), note=f"{rows:,} verses"),
        Figure("  the first sentence", [base["rougel"]]),
        Figure("ROUGE-1, T5 from scratch", [scores["rouge1"]]),
        Figure("  the first sentence", [base["rouge1"]]),
        Figure("time of the training", [seconds], "s"),
    ]
