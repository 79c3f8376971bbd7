"""tensorboard: event files that TensorBoard shows - curves, hyper-parameters, written texts."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from ...core.errors import OptionError
from ...core.following import Followed, FollowPoint


class TensorBoard:
    """Writes with tensorboard's own writer; no torch, no TensorFlow."""

    name = "tensorboard"
    summary = "Event files for TensorBoard: curves, hyper-parameters, texts."

    def check(self) -> None:
        """Raise OptionError without tensorboard."""
        from importlib.util import find_spec

        if find_spec("tensorboard") is None:
            raise OptionError("tensorboard is not installed.", "pip install 'fmtools[tensorboard]'")

    def place(self, wanted: str | None, own: Path, home: Path) -> str:
        """Return the log folder: the one that was asked for, else one in the run's folder."""
        del home
        return str(Path(wanted).expanduser().absolute()) if wanted else str(own)

    def line(self, place: str) -> str:
        """Return the notebook's lines."""
        from shlex import quote

        return f"%load_ext tensorboard, then %tensorboard --logdir {quote(place)}"

    def open(self, run: Followed) -> Events:
        """Begin anew: replaying a log takes less time than finding out what is in old event files."""
        return Events(run)


class Events:
    """The event files of one run, in a folder of their own below `place`: several runs may share a log folder."""

    known: set[tuple[str, int]]

    def __init__(self, run: Followed) -> None:
        self.known = set()
        name = re.sub(r"[^\w.-]+", "-", run.name)
        self._run, self._folder = run, Path(run.place) / f"{name}-{run.id[-6:].lower()}"
        self._writer: Any = None
        self.restart()

    def restart(self) -> None:
        """Write a new file; readers forget everything before it."""
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self.close()
        self._folder.mkdir(parents=True, exist_ok=True)
        for old in self._folder.glob("events.out.tfevents.*.fmtools"):
            old.unlink()
        self._writer = EventFileWriter(str(self._folder), filename_suffix=".fmtools")
        self.cut(-1)
        self._describe()

    def cut(self, step: int) -> bool:
        """Mark a restart: TensorBoard drops what lies at or after the step of such an event."""
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog

        self._add(Event(session_log=SessionLog(status=SessionLog.START), step=step + 1), time.time())
        self._writer.flush()
        return True

    def _add(self, event: Any, t: float) -> None:
        event.wall_time = t
        self._writer.add_event(event)

    def _describe(self) -> None:
        """Write the options as hyper-parameters, and what the run is as a text."""
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.plugins.hparams import summary_v2 as hparams

        plain = {k: v for k, v in self._run.options.items() if isinstance(v, bool | int | float | str)}
        about = {"task": self._run.task, "model": self._run.model, "data": self._run.data, **self._run.about}
        self._add(Event(summary=hparams.hparams_pb({**plain, **about}, trial_id=self._run.id)), self._run.created)
        table = "\n".join(["| | |", "|---|---|", *(f"| {k} | {_cell(v)} |" for k, v in {**about, **plain}.items())])
        self.text("run", 0, table)

    def points(self, points: list[FollowPoint]) -> None:
        """Write scalars; NaN stays NaN."""
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        for point in points:
            value = Summary.Value(tag=point.series, simple_value=point.value)
            self._add(Event(summary=Summary(value=[value]), step=point.step), point.t)
        self._writer.flush()

    def text(self, title: str, step: int, text: str) -> None:
        """Write a text, shown as Markdown."""
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.compat.proto.tensor_pb2 import TensorProto
        from tensorboard.compat.proto.types_pb2 import DT_STRING
        from tensorboard.plugins.text import metadata

        facts = metadata.create_summary_metadata(display_name=title, description="")
        value = Summary.Value(
            tag=title, metadata=facts, tensor=TensorProto(dtype=DT_STRING, string_val=[text.encode()])
        )
        self._add(Event(summary=Summary(value=[value]), step=step), time.time())

    def end(self, status: str, metrics: dict[str, float]) -> None:
        """Close the session of hyper-parameters."""
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

        del metrics
        states = {"done": api_pb2.STATUS_SUCCESS, "failed": api_pb2.STATUS_FAILURE}
        over = plugin_data_pb2.SessionEndInfo(
            status=states.get(status, api_pb2.STATUS_UNKNOWN), end_time_secs=time.time()
        )
        facts = metadata.create_summary_metadata(plugin_data_pb2.HParamsPluginData(session_end_info=over))
        value = Summary.Value(tag=metadata.SESSION_END_INFO_TAG, metadata=facts)
        self._add(Event(summary=Summary(value=[value])), time.time())
        self._writer.flush()

    def close(self) -> None:
        """Flush and close."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
