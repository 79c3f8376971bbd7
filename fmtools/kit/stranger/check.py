"""A folder from a stranger is checked before anything reads it: weights, graphs and texts are taken, code is not.

What can run code when it is opened (pickles in every disguise, archives) is refused by name and content; links may not
leave the folder; safetensors headers, JSON and sizes are checked here, tokenizers and ONNX files parsed in a process of
their own (`stranger_child`). Python files are never run, and `auto_map` is never followed. A MANIFEST.json tells damage
and nothing else: whoever made the folder could have made it, so that it spares no check.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from ...core.errors import ModelError
from ...core.manifest import is_whole
from . import texts
from .parse import Job, check_parsed
from .pickles import check_no_code
from .tree import Fault, File, files_of
from .weights import Shapes, shapes_of

MANIFEST = "MANIFEST.json"
#: What the format itself allows one ONNX file to have.
ONNX = 2 << 30
_TEXTS = (".txt", ".jinja", ".md", ".merges", ".vocab")
#: Folders that were checked in this process, each with the state of its files then.
_known: dict[Path, tuple[Any, ...]] = {}


def check(folder: Path) -> Path:
    """Return a model's folder, absolute, when everything in it may be read.

    Raises ModelError that names the first file which may not, and why; nothing of it was executed by then, and nothing
    outside the folder was opened.
    """
    folder = folder.absolute()
    try:
        _check(folder)
    except Fault as fault:
        cause = f"The model folder {folder} cannot be used: {fault.name} {fault.why.rstrip('.')}."
        raise ModelError(cause, fault.cure) from None
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise ModelError(f"The model folder {folder} cannot be read: {why}.", "Check its permissions.") from None
    return folder


def _check(folder: Path) -> None:
    files = files_of(folder)
    if is_known(folder, files):
        return
    shapes: dict[str, Shapes] = {}
    jsons: dict[str, Any] = {}
    for file in files:
        kind = _kind(file)
        if kind == "safetensors":
            shapes[file.name] = shapes_of(file)
            continue
        check_no_code(file)
        if _is_tokenizer(file):
            texts.check_size(file, texts.TOKENIZER)
        elif kind == "json":
            jsons[file.name] = texts.check_json(file, folder)
        elif kind == "text":
            texts.check_text(file)
    _check_sizes(files, jsons, shapes)
    if MANIFEST in jsons:
        _check_manifest(files, jsons[MANIFEST])
    check_parsed(_jobs(files), folder)
    remember(folder, files)


def _kind(file: File) -> str:
    base = file.name.lower()
    for ending, kind in ((".safetensors", "safetensors"), (".json", "json"), *((text, "text") for text in _TEXTS)):
        if base.endswith(ending):
            return kind
    return ""


def _is_tokenizer(file: File) -> bool:
    return re.fullmatch(r"tokenizer(\.[\w.-]+)?\.json", file.name.rpartition("/")[2]) is not None


def is_known(folder: Path, files: list[File]) -> bool:
    """Say whether this process has checked the folder, and nothing in it was replaced or changed since."""
    return _known.get(folder) == _state(files)


def remember(folder: Path, files: list[File]) -> None:
    """A folder is checked once in the life of a process."""
    _known[folder] = _state(files)


def _state(files: list[File]) -> tuple[Any, ...]:
    return tuple((file.name, file.path, file.state) for file in files)


def _check_sizes(files: list[File], jsons: dict[str, Any], shapes: dict[str, Shapes]) -> None:
    """The sizes that config.json states are those of the weights beside it."""
    beside = {name: size for found, known in shapes.items() if "/" not in found for name, size in known.items()}
    config = next((file for file in files if file.name == "config.json"), None)
    if config is not None:
        texts.check_fit(config, jsons["config.json"], beside)


def _jobs(files: list[File]) -> list[Job]:
    """Return what is to be parsed elsewhere. External weights count as read with every ONNX file of their folder."""
    jobs = []
    for file in files:
        if _is_tokenizer(file):
            jobs.append(Job(file, "tokenizer", file.size))
        elif file.name.lower().endswith(".onnx"):
            texts.check_size(file, ONNX)
            beside = sum(f.size for f in files if f.name.startswith(file.name))
            jobs.append(Job(file, "onnx", beside))
    return jobs


def _check_manifest(files: list[File], manifest: Any) -> None:
    """A sealed folder that was copied shows every changed byte. Raises Fault for a file that is not what was sealed."""
    entries = manifest.get("files") if isinstance(manifest, dict) else None
    if not isinstance(entries, dict) or not is_whole(manifest):
        raise Fault(
            MANIFEST, "is damaged: it does not say what it said", "Copy it again; remove it if it is not of fmtools."
        )
    here = {file.name: file for file in files}
    for name, entry in entries.items():
        file, wanted = here.get(name), entry.get("sha256") if isinstance(entry, dict) else None
        if file is None:
            raise Fault(str(name)[:80], "is missing, though MANIFEST.json lists it", "Copy the folder again.")
        with file.path.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256").hexdigest()
        if digest != wanted:
            raise Fault(file.name, "is damaged: its sha256 is not the one in MANIFEST.json", "Copy it there again.")


def facts(folder: Path) -> dict[str, Any]:
    """Return fmtools.json of a folder that `check` has passed; {} when it has none."""
    path = folder / "fmtools.json"
    value = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return value if isinstance(value, dict) else {}
