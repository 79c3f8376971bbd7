"""onnxruntime-web, the runtime of a browser tab, driven in Node: what a page would compute, without a page."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from ...core.exporting import Runner
from . import line_runner

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
    return line_runner.opened("onnxruntime-web", [node, str(script), str(place), *map(str, files)])
