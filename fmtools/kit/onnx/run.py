"""Exported ONNX files in onnxruntime, by the card beside them. No torch here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.exporting import CARD, Runner

if TYPE_CHECKING:
    import numpy as np


def opened(folder: Path) -> Runner:
    """Open every ONNX file that the card names; a call goes to the one that takes its inputs."""
    files = json.loads((folder / CARD).read_text(encoding="utf-8"))["files"]
    sessions = [session(folder / name) for name in files.values() if name.endswith(".onnx")]
    taken = [{found.name for found in one.get_inputs()} for one in sessions]

    def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        fitting = [i for i, names in enumerate(taken) if names <= set(inputs)]
        place = max(fitting, key=lambda i: len(taken[i]), default=0)
        feed = {name: value for name, value in inputs.items() if name in taken[place]}
        names = [found.name for found in sessions[place].get_outputs()]
        return dict(zip(names, sessions[place].run(names, feed), strict=True))

    return run


def session(path: Path) -> Any:
    """Return an onnxruntime session on the processor that prints no warnings."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
