"""onnxruntime-web, the runtime of a browser tab, driven in Node: what a page would compute, without a page."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import ModelError
from ..core.exporting import Runner

if TYPE_CHECKING:
    import numpy as np

#: Where onnxruntime-web lies, when it is not in a node_modules folder above the working directory or the source tree.
VARIABLE = "FMTOOLS_ONNXRUNTIME_WEB"


def found() -> tuple[str, Path] | None:
    """Return (node, the folder of onnxruntime-web); None when one of them is not there."""
    node = shutil.which("node")
    named = os.environ.get(VARIABLE)
    roots = [Path.cwd(), *Path.cwd().parents, *Path(__file__).parents]
    places = [Path(named)] if named else [root / "node_modules/onnxruntime-web" for root in roots]
    place = next((place for place in places if (place / "dist/ort.wasm.mjs").is_file()), None)
    return (node, place) if node and place else None


def version(place: Path) -> str:
    """Return the version of an onnxruntime-web package."""
    return str(json.loads((place / "package.json").read_text(encoding="utf-8"))["version"])


def opened(node: str, place: Path, files: Sequence[Path]) -> Runner:
    """Open ONNX files; a call goes to the one that takes its inputs. Raises ModelError with the runtime's words."""
    script = Path(__file__).with_suffix(".mjs")
    process = subprocess.Popen(
        [node, str(script), str(place), *map(str, files)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _reply(process)  # it has loaded
    except ModelError:
        _end(process)
        raise

    def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        assert process.stdin
        process.stdin.write(json.dumps({name: _packed(value) for name, value in inputs.items()}) + "\n")
        process.stdin.flush()
        return {name: _unpacked(value) for name, value in _reply(process).items()}

    weakref.finalize(run, _end, process)
    return run


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _reply(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout
    assert process.stderr
    line = process.stdout.readline()
    if not line:
        said = process.stderr.read().strip().splitlines()
        raise ModelError(f"onnxruntime-web ended: {said[-1][:300] if said else process.wait()}", "")
    reply: dict[str, Any] = json.loads(line)
    if "error" in reply:
        raise ModelError(f"onnxruntime-web refuses the model: {str(reply['error'])[:300]}", "")
    return reply


def _packed(value: np.ndarray) -> dict[str, Any]:
    import numpy as np

    plain = np.ascontiguousarray(value)
    return {"type": str(plain.dtype), "dims": list(plain.shape), "data": base64.b64encode(plain.tobytes()).decode()}


def _unpacked(value: dict[str, Any]) -> np.ndarray:
    import numpy as np

    return np.frombuffer(base64.b64decode(value["data"]), value["type"]).reshape(value["dims"])
