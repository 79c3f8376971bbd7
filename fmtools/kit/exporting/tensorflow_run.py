"""TensorFlow SavedModels through onnx2tf, in a Python that has both; and their runtime, there as well.

onnx2tf 1.28 does not follow free sizes (a Where of unknown rank), so a SavedModel takes one row of one length: shorter texts
are padded, batches are asked row by row.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import ModelError, OptionError
from ...core.exporting import Runner
from . import line_runner

if TYPE_CHECKING:
    import numpy as np

#: A Python with tensorflow and onnx2tf, where it is not this one.
VARIABLE = "FMTOOLS_TENSORFLOW_PYTHON"
SCRIPT = str(Path(__file__).with_name("tensorflow_child.py"))
#: Seconds that a conversion may take.
LIMIT = 3600


def python() -> str:
    """Return a Python that has TensorFlow and onnx2tf. Raises OptionError, with what to install, when none is known."""
    named = os.environ.get(VARIABLE)
    if named and shutil.which(named):
        return named
    if find_spec("tensorflow") and find_spec("onnx2tf"):
        return sys.executable
    raise OptionError(
        "--to tensorflow needs tensorflow and onnx2tf (1.9 GB).",
        f'pip install "fmtools[tf]"; or name a Python that has them: {VARIABLE}=/path/bin/python.',
    )


def folded(path: Path, sizes: Mapping[str, int], axes: Mapping[str, list[str]], into: Path) -> None:
    """Write a copy of an ONNX file with fixed sizes, and what follows from them computed: onnx2tf finds no free size in it."""
    import onnx
    import onnxruntime

    model = onnx.load(path)
    for value in [*model.graph.input, *model.graph.output]:
        for place, axis in zip(value.type.tensor_type.shape.dim, axes[value.name], strict=True):
            if axis in sizes:
                place.dim_value = sizes[axis]
    del model.graph.value_info[:]
    fixed = into.with_name("fixed.onnx")
    onnx.save(model, fixed)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(into)
    onnxruntime.InferenceSession(fixed, options, providers=["CPUExecutionProvider"])


def convert(path: Path, folder: Path) -> None:
    """Write a SavedModel. Raises ModelError with the converter's last words."""
    command = [python(), SCRIPT, "convert", str(path), str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        raise ModelError(f"onnx2tf took longer than {LIMIT} seconds.", "Choose another format.") from None
    if done.returncode or not (folder / "saved_model.pb").is_file():
        lines = (done.stdout + done.stderr).strip().splitlines()
        said = next((line for line in reversed(lines) if re.match(r"\S*(ERROR|Error|Exception)\b", line)), "")
        raise ModelError(f"onnx2tf cannot convert this model. {said[:300]}".strip(), "Choose another format.")
    for path in folder.glob("*.tflite"):  # nobody has compared them with the original
        path.unlink()


def opened(folder: Path, card: Mapping[str, Any]) -> Runner:
    """Open a SavedModel in TensorFlow; rows are padded to its length, and answers cut to the batch's."""
    import numpy as np

    run = line_runner.opened("TensorFlow", [python(), SCRIPT, "serve", str(folder)])
    length, pads = int(card["sizes"]["length"]), {"input_ids": int(card.get("pad_id") or 0)}

    def all_rows(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        rows, own = next(iter(inputs.values())).shape[:2]
        if own > length:
            raise ModelError(f"This SavedModel reads {length} tokens; {own} were given.", "")
        wide = {
            name: np.pad(value, ((0, 0), (0, length - own)), constant_values=pads.get(name, 0))
            for name, value in inputs.items()
        }
        found = [run({name: value[i : i + 1] for name, value in wide.items()}) for i in range(rows)]
        answer = {}
        for place, (name, axes) in enumerate(card["outputs"].items()):
            joined = np.concatenate([one[f"output_{place}"] for one in found])
            answer[name] = joined[:, :own] if "length" in axes else joined
        return answer

    return all_rows
