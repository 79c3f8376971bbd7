"""The built-in set `intents` (42 of a smart home), 3 epochs with the default options, beside frozen MiniLM."""

from __future__ import annotations

from . import quality, tiny
from .figures import Figure
from .settings import Settings, scratch

#: Of each intent, in the quick form: few, and all 42 of them, so that no method gets everything right.
EACH = 8


def run(settings: Settings) -> list[Figure]:
    """Train on `intents`; quick: a part of an epoch on a few rows of it."""
    if not settings.quick:
        return quality.compare("intents", {"epochs": 3}, (0.965, 0.82), settings)
    with scratch() as folder:
        data = tiny.write_csv(folder / "rows.csv", tiny.rows(labels=100, each=EACH))
        return quality.compare(str(data), {"epochs": 0.5, "validation": 0.5}, (0.965, 0.82), settings)
