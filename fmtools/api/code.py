"""code: a run as a plain Python script."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import OptionError, from_os_error
from ..core.options import CodeOptions
from ..runtime import launch
from ..runtime.wait import Follower
from ..store.files import write_file
from ..store.runs import find_run, home
from .results import Shown

#: What the script is called in a folder.
NAME = "train.py"


@dataclass(repr=False)
class Script(Shown):
    """The script of a run; `path` is where it was written, None when it was only shown."""

    run: str
    code: str
    path: Path | None = None

    def to_json(self) -> dict[str, Any]:
        return {"run": self.run, "path": str(self.path) if self.path else None, "code": self.code}

    def text(self) -> str:
        return str(self.path) if self.path else self.code

    def html(self) -> str:
        from ..views.code import html

        return html(self.code, str(self.path) if self.path else "")


def code(options: CodeOptions, follower: Follower) -> Script:
    """Write or show a run's script. Raises FmError for a task that has none, OptionError for a place that cannot be written."""
    del follower
    run = find_run(options.run)
    target = Path(options.save).expanduser().absolute() if options.save else None
    whole = target is not None and target.suffix != ".py"
    if target is not None:
        _prepare(target, whole)
    answer = launch.ask(
        "code",
        record=run.record.model_dump(mode="json"),
        path=str(run.path),
        root=str(home()),
        save=str(target) if whole else "",
    )
    path = target / NAME if target is not None and whole else target
    if path is not None:
        try:
            write_file(path, answer["code"].encode())
        except OSError as error:
            raise from_os_error(error, "write the script") from None
    return Script(run.record.name, answer["code"], path)


def _prepare(target: Path, whole: bool) -> None:
    """Make the folder, and refuse to write over what is there."""
    final = target / NAME if whole else target
    if final.exists():
        raise OptionError(f"There is a {final} already.", "Name another file or folder.")
    if whole and target.is_file():
        raise OptionError(f"{target} is a file.", "Name a folder, or a file ending in .py.")
    try:
        (target if whole else target.parent).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise from_os_error(error, "make the folder") from None
