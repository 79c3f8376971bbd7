"""Opening data for labelling. One session for each NAME@HASH in a process, so that two views of the same rows agree."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

from ..core.options.label import LabelOptions
from ..kit.labelling.rows import LabelRows
from ..kit.labelling.shape import shape_of
from ..kit.labelling.states import States
from ..store import versions
from ..store.label_journal import Journal, folder_of, versions_with_journal
from ..store.runs import home
from . import launch
from .keeping import _name
from .label_order import Order
from .label_session import Session

_sessions: dict[tuple[str, str], Session] = {}
_lock = threading.Lock()


def _key(reference: str) -> tuple[str, str]:
    return str(home()), reference


def _moved(session: Session, before: str) -> None:
    """A session goes on with another version: nobody opens it under the old one any more."""
    with _lock:
        if _sessions.get(_key(before)) is session:
            _sessions.pop(_key(before))
        _sessions[_key(session.version.reference)] = session


def open_session(options: LabelOptions) -> Session:
    """Open data for labelling: those of a name where they are, anything else is kept under a name first.

    Raises FmError before anything is written when the data cannot be labelled.
    """
    root = home()
    data = launch.load(options.data, options)
    shape = shape_of(data, options.task, options.text_column, options.pair_column, options.label_column)
    if options.run is not None:
        Order.check_run(options.run, shape)
    LabelRows(data, shape, options.split)
    if options.name:
        _name(options.name, data.name)
    said = []
    if data.version:
        version = versions.resolve(data.version, root)
    else:
        launch.private_folder_checked(root)
        version = versions.save(data, root, options.name or versions.safe_name(data.name))
        data = versions.load(version)
        said.append(f"The rows as they came are kept as {version.label}.")
    session = Session(data, version, shape, options)
    session.moved = _moved
    session.notices = [*said, *shape.notices, *_unsaved(version, root), *_damage(session)]
    _replace(session)
    return session


def _replace(session: Session) -> None:
    """Put a session in the place of an earlier one over the same rows, whose views go on with this one's decisions."""
    with _lock:
        earlier = _sessions.get(_key(session.version.reference))
        _sessions[_key(session.version.reference)] = session
    if earlier is not None:
        with earlier.lock, session.lock:
            earlier.journal.close()
            earlier.states = session.states
            earlier.journal = session.journal
            earlier._changed = session._changed
            earlier.lock = session.lock


def _unsaved(version: versions.Version, root: Any) -> list[str]:
    """Say which other versions of the name have decisions that no version holds."""
    known = versions.of_name(version.name, root)
    kept = {step.get("decisions") for one in known for step in one.recipe if step.get("step") == "label"}
    found = []
    for other in known:
        if other.hash == version.hash or other.hash not in versions_with_journal(version.name, root):
            continue
        states = States(_numbering(other.rows))
        states.take(Journal(other.reference, root).news())
        if states.decided and states.digest() not in kept:
            found.append(
                f"{other.label} has {len(states.decided):,} decisions that are in no version: %fm_label {other.label} opens them."
            )
    return found


def _numbering(rows: dict[str, int]) -> Callable[[str, int], int | None]:
    """Return what numbers the rows of a version as LabelRows does, from its facts alone."""
    order = ("train", "validation", "test", "all")
    splits = sorted(rows, key=lambda s: (order.index(s) if s in order else 9, s))
    starts = dict(zip(splits, itertools.accumulate((rows[s] for s in splits), initial=0), strict=False))
    return lambda split, row: starts[split] + row if split in starts else None


def _damage(session: Session) -> list[str]:
    lost = session.journal.lost
    where = folder_of(session.version.reference, home())
    return [f"{lost:,} lines of the journal are damaged and were left out ({where})."] if lost else []
