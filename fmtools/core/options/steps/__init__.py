"""The steps of a data recipe: one typed model each, from which parsing, errors, help and completion are derived.

A step is written `NAME [VALUE] key=value key=value`: `filter length=5..400`, `sample 1000`, `map-labels great=positive`.
What a step does stands in fmtools/kit; this package only says what can be asked.
"""

from __future__ import annotations

from .augment import Augment, BackTranslate, Mix, Noise, Synonyms, WordDrop, WordSwap
from .base import AUGMENTED_FROM, AUGMENTED_WITH, ROW_ID, Step
from .clean import Drop, DropDuplicates, DropEmpty, DropLeaks, Filter, Keep, MapLabels, Normalize, Rename, StripMarkup
from .divide import Balance, Sample, Split
from .read import RECORDED, STEPS, parse_step, step_class, step_line

__all__ = [
    "AUGMENTED_FROM", "AUGMENTED_WITH", "RECORDED", "ROW_ID", "STEPS", "Augment", "BackTranslate", "Balance", "Drop", "DropDuplicates",
    "DropEmpty", "DropLeaks", "Filter", "Keep", "MapLabels", "Mix", "Noise", "Normalize", "Rename", "Sample", "Split", "Step",
    "StripMarkup", "Synonyms", "WordDrop", "WordSwap", "parse_step", "step_class", "step_line",
]  # fmt: skip
