"""The verb `data`: look, keep, clean, split, augment, compare."""

from __future__ import annotations

from ..core.options import DataOptions
from ..runtime import keeping
from ..runtime.wait import Follower
from ..store.runs import home
from .data_cards import DataCard, DataDiff, KeptTable


def data(options: DataOptions, follower: Follower) -> DataCard | DataDiff | KeptTable:
    """Carry out `data`: without data list what is kept, with --diff compare, else look at, keep or change rows."""
    del follower
    options.check()
    if options.data is None:
        return KeptTable(keeping.kept(), str(home()))
    if options.diff:
        return DataDiff(keeping.difference(options))
    done = keeping.work(options)
    steps = [outcome.as_json() for outcome in done.outcomes]
    return DataCard(done.facts, done.data, done.version, steps, done.said, done.preview)
