"""The process of a search's driver: `python -m fmtools.runtime.search_main FOLDER [CONTROL ...]`."""

from __future__ import annotations

import signal
import sys
import traceback
from pathlib import Path

from ..core.errors import FmError
from ..store.searches import SearchFolder
from .search_driver import Driver


def main() -> int:
    """Drive the search of the folder named on the command line. The lease has been claimed for this process."""
    folder = SearchFolder(Path(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        driver = Driver(folder, sys.argv[2:])
        signal.signal(signal.SIGTERM, lambda *_: driver.leave())
        driver.run()
    except Exception as error:
        traceback.print_exc()
        state = folder.state
        state.status = "failed"
        state.cause = str(error) if isinstance(error, FmError) else f"The search stopped on an error: {error!r}"[:500]
        state.cure = f"driver.log in {folder.path} has the details; `%fm_resume {folder.id}` goes on with it."
        folder.save(state)
        return 1
    return 0 if driver.state.status != "failed" else 1


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.exit(status)
