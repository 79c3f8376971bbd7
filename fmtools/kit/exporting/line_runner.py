"""A runtime in a process that is not ours (Node, another Python): batches as JSON lines, arrays in base64."""

from __future__ import annotations

import base64
import json
import subprocess
import weakref
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...core.errors import ModelError
from ...core.exporting import Runner

if TYPE_CHECKING:
    import numpy as np


def opened(name: str, command: Sequence[str]) -> Runner:
    """Start a runtime that says a line when it has loaded, then answers each line with one. Raises ModelError with its words."""
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        _reply(name, process)  # it has loaded
    except ModelError:
        _end(process)
        raise

    def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        assert process.stdin
        process.stdin.write(json.dumps({name: _packed(value) for name, value in inputs.items()}) + "\n")
        process.stdin.flush()
        return {key: _unpacked(value) for key, value in _reply(name, process).items()}

    weakref.finalize(run, _end, process)
    return run


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _reply(name: str, process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout
    assert process.stderr
    line = process.stdout.readline()
    if not line:
        said = process.stderr.read().strip().splitlines()
        raise ModelError(f"{name} ended: {said[-1][:300] if said else process.wait()}", "")
    reply: dict[str, Any] = json.loads(line)
    if "error" in reply:
        raise ModelError(f"{name} refuses the model: {str(reply['error'])[:300]}", "")
    return reply


def _packed(value: np.ndarray) -> dict[str, Any]:
    import numpy as np

    plain = np.ascontiguousarray(value)
    return {"type": str(plain.dtype), "dims": list(plain.shape), "data": base64.b64encode(plain.tobytes()).decode()}


def _unpacked(value: dict[str, Any]) -> np.ndarray:
    import numpy as np

    return np.frombuffer(base64.b64decode(value["data"]), value["type"]).reshape(value["dims"])
