"""The folder that workers count into. Apart from the meters: the supervisor must not import prometheus_client, which
looks for the folder when it is imported.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

#: Names the folder that workers share.
SHARED = "PROMETHEUS_MULTIPROC_DIR"


def forget(folder: str, pid: int | str) -> None:
    """Drop what a dead worker said of the present; what it had counted stays."""
    for path in Path(folder).glob(f"gauge_live*_{pid}.db"):
        with contextlib.suppress(OSError):
            path.unlink()
