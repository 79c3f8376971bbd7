"""What a run publishes under artifacts/: written beside, sealed, and given its name in one rename."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..core.errors import from_os_error
from .files import private_folder, publish, seal, sweep


def write(
    run: Path,
    name: str,
    save: Callable[[Path], Any],
    facts: dict[str, Any],
    refusal_of: Callable[[Exception], OSError | None],
) -> int:
    """Let `save` fill a folder and publish it as artifacts/`name` of a run's folder, whole or not at all; return its bytes.

    `refusal_of` says which errors of libraries stand for a disk that refuses. Raises FmError for those, in words.
    """
    folder = run / "artifacts"
    stage = folder / f".tmp-{name}"
    try:
        sweep(private_folder(folder))
        save(private_folder(stage))
        size = seal(stage, facts)
        publish(stage, folder / name)
    except Exception as error:
        shutil.rmtree(stage, ignore_errors=True)  # also makes room for the log to say what happened
        refusal = refusal_of(error)
        if refusal is None:
            raise
        raise from_os_error(refusal, "save the trained model") from None
    return size
