"""Exporters with one fault each, as a package of somebody else's; tests/stages/test_export.py registers them.

They copy a good export ($GOOD_EXPORT) and spoil it: what the gate sees is a real ONNX file in a real runtime.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

from fmtools.core.exporting import Runner, Subject
from fmtools.plugins.exporters.onnx import Onnx

FILE = "onnx/model.onnx"


class Broken(Onnx):
    """Spoils nothing yet."""

    def __init__(self) -> None:
        self.name = type(self).__name__.lower()

    def export(self, subject: Subject, folder: Path) -> dict[str, Any]:
        shutil.copytree(os.environ["GOOD_EXPORT"], folder, dirs_exist_ok=True, ignore=lambda *_: ["MANIFEST.json"])
        self.spoil(folder / FILE)
        return {"files": {"model": FILE}}

    def spoil(self, path: Path) -> None:
        import onnx

        model = onnx.load(path)
        self.change(model)
        onnx.save(model, path)

    def change(self, model: Any) -> None:
        """Do nothing."""


class Sound(Broken):
    """No fault: shows that the others fail for theirs."""


class Baked(Broken):
    """Takes batches of one shape only."""

    def change(self, model: Any) -> None:
        for value in model.graph.input:
            for axis, size in zip(value.type.tensor_type.shape.dim, (3, 17), strict=True):
                axis.dim_value = size


class Swapped(Broken):
    """Gives the start where the end belongs."""

    def change(self, model: Any) -> None:
        import onnx

        first, second = (output.name for output in model.graph.output)
        names = {first: second, second: first}
        for node in model.graph.node:
            for i, name in enumerate(node.output):
                node.output[i] = names.get(name, name)
        onnx.checker.check_model(model)


class Estranged(Broken):
    """Holds other weights than those that were learned."""

    def change(self, model: Any) -> None:
        from onnx import numpy_helper

        weights = max(
            (w for w in model.graph.initializer if w.data_type == 1 and len(w.dims) == 2), key=lambda w: w.ByteSize()
        )
        changed = numpy_helper.to_array(weights).copy()
        changed[:, ::2] *= -1  # a constant would be taken out again by the norm behind it
        weights.CopyFrom(numpy_helper.from_array(changed, weights.name))


class Mute(Broken):
    """Has forgotten an output."""

    def change(self, model: Any) -> None:
        del model.graph.output[1]


class Forgetful(Broken):
    """Names a file that it did not write."""

    def spoil(self, path: Path) -> None:
        path.unlink()


class Failing(Broken):
    """Fails while it writes, with a library's error."""

    def spoil(self, path: Path) -> None:
        raise ValueError("the converter met an operator it does not know")


class Crashing(Broken):
    """Takes the process down that opens it."""

    def open(self, folder: Path) -> Runner:
        os.abort()


class Dying(Broken):
    """Takes the process down at the first question."""

    def open(self, folder: Path) -> Runner:
        def run(inputs: Any) -> Any:
            os._exit(3)

        return run


class Sleeping(Broken):
    """Never opens."""

    def open(self, folder: Path) -> Runner:
        time.sleep(600)
        raise AssertionError


class Endless(Broken):
    """Never ends writing."""

    def spoil(self, path: Path) -> None:
        time.sleep(600)


class Untrue(Broken):
    """Answers with numbers that are none."""

    def open(self, folder: Path) -> Runner:
        inner = super().open(folder)
        return lambda inputs: {name: value * float("nan") for name, value in inner(inputs).items()}
