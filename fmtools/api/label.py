"""`label`: rows one by one, decisions kept at once, a new version in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.contracts import Dataset
from ..core.options.label import LabelOptions
from ..runtime import labels as runtime
from ..runtime.wait import Follower, Silent
from .results import Shown

if TYPE_CHECKING:
    from ..runtime.label_session import Session


class Labels(Shown):
    """Data that are being labelled. In a notebook it shows itself as the labelling widget.

    Every decision is on the disk when the widget says "saved"; opening the same data again goes on where one was.
    """

    #: A magic shows it at once.
    opens = True

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def progress(self) -> dict[str, int]:
        """Counts of rows: rows, done, decided, changed, removed, skipped, left."""
        return self.session.progress()

    @property
    def dataset(self) -> Dataset:
        """The rows with the decisions in them, kept or not."""
        return self.session.apply().data

    @property
    def version(self) -> str:
        """NAME@v2 of the rows that are being labelled: the newest after a save."""
        return self.session.version.label

    def save(self, name: str | None = None) -> str:
        """Keep the rows with the decisions in them as a new version, and return its NAME@v3.

        Raises DataError when nothing was changed, StoreError when the disk refuses; the decisions stay where they are.
        """
        return self.session.save(name).label

    def suspects(self, count: int = 10) -> list[dict[str, Any]]:
        """Return the rows that come first, with the reason: [{"split", "row", "text", "given", "why"}, ...].

        Waits for the search for wrong labels where one is under way.
        """
        self.session.wait()
        return self.session.first(count)

    def facts(self) -> dict[str, Any]:
        """What the static summary shows."""
        s = self.session
        return {
            "version": s.version.label, "name": s.name, "task": s.shape.task, "labels": s.labels(), "order": s.order.wish,
            "progress": s.progress(), "notices": s.notices,
        }  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        return {**self.facts(), "first": self.session.first(10)}

    def text(self) -> str:
        from ..views.label import label_text

        return label_text(self.facts(), self.session.first(10))

    def html(self) -> str:
        from ..views.label import label_html

        return label_html(self.facts(), self.session.first(5))


class Kept(Labels):
    """Decisions that were just kept as a version; it shows what they did and opens no widget."""

    opens = False


def label(options: LabelOptions, follower: Follower) -> Labels:
    """Open data for labelling and return at once; with --save keep what was decided before.

    A terminal, which has no widget, waits for the order of the rows.
    """
    session = runtime.open_session(options)
    if options.save:
        said = f"Kept as {session.save().label}."
        session.notices.append(said)
        return Kept(session)
    session.begin(wait=not isinstance(follower, Silent))
    return Labels(session)
