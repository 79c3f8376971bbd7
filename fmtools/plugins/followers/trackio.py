"""trackio: the local SQLite database of trackio's dashboard. No network, no space: only its storage is used."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...core.errors import OptionError
from ...core.following import Followed, FollowPoint

PROJECT = "fmtools"


class Trackio:
    """Writes with trackio's own storage class; nothing of its client or server runs."""

    name = "trackio"
    summary = "The local database of trackio's dashboard."

    def check(self) -> None:
        """Raise OptionError without trackio."""
        from importlib.util import find_spec

        if find_spec("trackio") is None:
            raise OptionError("trackio is not installed.", "pip install 'fmtools[trackio]'")

    def place(self, wanted: str | None, own: Path, home: Path) -> str:
        """Return the folder of the database."""
        del own
        asked = wanted or os.environ.get("TRACKIO_DIR")
        return str(Path(asked).expanduser().absolute()) if asked else str(home / "trackio")

    def line(self, place: str) -> str:
        """Return the shell's line."""
        from shlex import quote

        return f"TRACKIO_DIR={quote(place)} trackio show --project {PROJECT}"

    def open(self, run: Followed) -> Database:
        """Begin anew: replaying a log into a local database takes a moment."""
        return Database(run)


class Database:
    """One run in trackio's database."""

    known: set[tuple[str, int]]

    def __init__(self, run: Followed) -> None:
        self.known = set()
        # trackio reads its folder when it is imported: a follower's process is one run's and one place's.
        os.environ.update(TRACKIO_DIR=run.place, HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
        from trackio.sqlite_storage import SQLiteStorage

        self._run, self._store = run, SQLiteStorage
        self._name = f"{run.name}-{run.id[-6:].lower()}"
        self.restart()

    def restart(self) -> None:
        """Delete the run's rows: they are written anew."""
        self._store.delete_run(PROJECT, self._name, run_id=self._run.id)
        self._described = False

    def points(self, points: list[FollowPoint]) -> None:
        """Write a row a step, in one transaction; its name makes a row that is there already stay the only one."""
        rows: dict[tuple[int, str], tuple[float, dict[str, float]]] = {}
        for point in points:
            kind = point.series.partition("/")[0]
            rows.setdefault((point.step, kind), (point.t, {}))[1][point.series] = point.value
        self._store.bulk_log(
            PROJECT,
            self._name,
            [values for _, values in rows.values()],
            steps=[step for step, _ in rows],
            timestamps=[datetime.fromtimestamp(t, UTC).isoformat() for t, _ in rows.values()],
            config=None if self._described else self._config(),
            log_ids=[f"{self._run.id}-{kind}-{step}" for step, kind in rows],
            run_id=self._run.id,
        )
        self._described = self._described or bool(rows)

    def _config(self) -> dict[str, Any]:
        run = self._run
        facts = {"task": run.task, "model": run.model, "data": run.data, **run.about}
        return {**{name: value for name, value in run.options.items() if value is not None}, **facts}

    def text(self, title: str, step: int, text: str) -> None:
        """Texts are not among trackio's scalars."""

    def cut(self, step: int) -> bool:
        """The storage takes back whole runs only."""
        del step
        return False

    def end(self, status: str, metrics: dict[str, float]) -> None:
        """A run of the database has no status."""

    def close(self) -> None:
        """Nothing is held."""
