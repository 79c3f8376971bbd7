"""The built-in set `intents` (42 of a smart home), 3 epochs with the default options, beside frozen MiniLM."""

from __future__ import annotations

from . import quality
from .figures import Figure
from .settings import Settings


def run(settings: Settings) -> list[Figure]:
    """Train on `intents`; quick: a part of an epoch."""
    options = {"epochs": 0.05 if settings.quick else 3}
    return quality.compare("intents", options, (0.965, 0.82), settings)
