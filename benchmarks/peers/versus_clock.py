"""Runs a peer's script as it is, and notes when each optimizer step was done; needs nothing but torch.

`python versus_clock.py OUT SCRIPT WORDS...` writes {"steps": [seconds since the epoch], "predicted": [labels]} to OUT.
"""

from __future__ import annotations

import json
import runpy
import sys
import time
from pathlib import Path
from typing import Any


def main(out: str, script: str, *words: str) -> None:
    """Run the script; its variable `predicted` holds the labels of the test rows."""
    from torch.optim.optimizer import register_optimizer_step_post_hook

    times: list[float] = []

    def note(*_: Any) -> None:
        times.append(time.time())

    register_optimizer_step_post_hook(note)
    sys.argv = [script, *words]
    found = runpy.run_path(script, run_name="__main__")
    Path(out).write_text(json.dumps({"steps": times, "predicted": [str(label) for label in found["predicted"]]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
