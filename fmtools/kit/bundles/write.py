"""Writes the parts of a bundle: the server's files, the model's card, and everything that is filled in."""

from __future__ import annotations

import json
import os
import shutil
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from ... import serving
from ...core.exporting import CARD
from ..exporting import machine_paths as paths
from . import facts, pins

MODEL, SERVER = "model", "serving"
TEMPLATES = Path(__file__).parent / "templates"
#: Names that begin with a dot here alone: an installer may leave such files out of a package.
NAMES = {"dockerignore": ".dockerignore", "gitignore": ".gitignore"}


def server(folder: Path) -> None:
    """Copy the server as it is installed, with its licence."""
    source = Path(serving.__file__).parent
    shutil.copytree(source, folder / SERVER, ignore=shutil.ignore_patterns("__pycache__"))
    try:
        text = distribution("fmtools").read_text("licenses/LICENSE")
    except PackageNotFoundError:
        text = None
    if text:
        (folder / SERVER / "LICENSE").write_text(text, encoding="utf-8")


def rest(folder: Path, card: dict[str, Any]) -> None:
    """Write what stands around model and server. `card` describes the bundle, its files seen from `folder`."""
    model = folder / MODEL
    own = inner(card)
    _json(model / CARD, own)
    _json(folder / CARD, paths.cleaned(card))
    paths.clean(model)
    values = facts.of(own, model)
    for template in sorted(TEMPLATES.rglob("*.j2")):
        name = template.relative_to(TEMPLATES).with_suffix("").as_posix()
        _text(folder / NAMES.get(name, name), _filled(template, values))
    lines = ["# Whole: install it with --no-deps, see README.md.", *pins.pinned(card["task"])]
    _text(folder / "requirements.txt", "\n".join(lines) + "\n")
    _readable(folder)


def inner(card: dict[str, Any]) -> dict[str, Any]:
    """Return the card of the model alone, as the server reads it: its files seen from model/."""
    files = {part: name.removeprefix(f"{MODEL}/") for part, name in card["files"].items()}
    return {**paths.cleaned(card), "format": "onnx", "exporter": "onnx", "files": files}


def _filled(template: Path, values: dict[str, Any]) -> str:
    import jinja2

    made = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)
    return made.from_string(template.read_text(encoding="utf-8")).render(values)


def _readable(folder: Path) -> None:
    """Leave a folder that its owner's tools can read: who may see it besides is for the place to say where it is put."""
    for path in folder.rglob("*"):
        os.chmod(path, 0o700 if path.is_dir() else 0o600)


def _text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _json(path: Path, value: dict[str, Any]) -> None:
    _text(path, json.dumps(value, ensure_ascii=False, indent=1))
