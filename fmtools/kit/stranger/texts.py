"""JSON and text files of a stranger's folder: bounded, well-formed, and naming nothing that lies outside the folder."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .tree import AGAIN, Fault, File
from .weights import Shapes

#: Most bytes of a file. A tokenizer.json is parsed elsewhere, and may be larger than other JSON.
JSON, TEXT, TOKENIZER = 32 << 20, 256 << 20, 256 << 20
#: Values that say which code computes attention; transformers fetches and runs `owner/kernel`.
_RUNS = re.compile(r"_?(attn|experts)_implementation(_internal)?")
_PLAIN = re.compile(r"[\w|.-]*")
_SIZES = ("vocab_size", "hidden_size", "d_model", "n_embd")


def check_size(file: File, most: int) -> None:
    """Raise Fault for a file of more than `most` bytes."""
    if file.size > most:
        raise Fault(file.name, f"has {file.size:,} bytes; at most {most:,} are read", AGAIN)


def read_json(file: File) -> Any:
    """Return what a JSON file holds. Raises Fault when it is too large, or no JSON."""
    check_size(file, JSON)
    try:
        return json.loads(file.path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise Fault(file.name, "is damaged: it is no JSON", "Copy it there again.") from None


def check_text(file: File) -> None:
    """Raise Fault for a text that is too large, or is no text."""
    check_size(file, TEXT)
    with file.path.open("rb") as source:
        if b"\0" in source.read(1 << 16):
            raise Fault(file.name, "is no text", AGAIN)


def check_json(file: File, folder: Path) -> Any:
    """Return a JSON file's content when it names nothing outside the folder. Raises Fault."""
    value, base = read_json(file), file.name.rpartition("/")[2]
    if base.endswith(".index.json"):
        _check_index(file, value)
    elif base in ("tokenizer_config.json", "special_tokens_map.json", "processor_config.json"):
        _check_tokenizer(file, value, folder)
    elif base == "adapter_config.json" and "/" not in file.name:
        why = "names another model to be loaded"
        raise Fault(file.name, why, "Merge the adapter into its model (fmtools does so), or remove the file.")
    elif base == "config.json":
        _check_config(file, value)
    elif base == "modules.json":
        _check_modules(file, value)
    return value


def is_inside(name: Any) -> bool:
    """Say whether a value is a relative path that stays below where it begins."""
    if not isinstance(name, str) or not name or "\0" in name or "\\" in name or ":" in name:
        return False
    return not name.startswith(("/", "~")) and ".." not in name.split("/")


def _check_index(file: File, value: Any) -> None:
    """The index of a model in several files maps each tensor to a file beside it."""
    names = value.get("weight_map") if isinstance(value, dict) else None
    if not isinstance(names, dict):
        raise Fault(file.name, "is damaged: it has no weight_map", "Copy it there again.")
    for name in names.values():
        if not is_inside(name) or "/" in name or not name.endswith(".safetensors"):
            raise Fault(file.name, f"names weights that are no safetensors file beside it ({str(name)[:80]!r})")
        if not (file.path.parent / name).is_file() and not _beside(file, name):
            raise Fault(file.name, f"names {name[:80]!r}, which is not there", "Copy the whole folder again.")


def _beside(file: File, name: str) -> bool:
    """In the hub's cache the index really lies among blobs; its neighbours are in the snapshot."""
    return file.path.parent.name == "blobs" and any(file.path.parent.parent.glob(f"snapshots/*/{name}"))


def _check_tokenizer(file: File, value: Any, folder: Path) -> None:
    """Files that a tokenizer's settings name would be opened in place of the folder's own."""
    if not isinstance(value, dict):
        raise Fault(file.name, "is damaged: it is no JSON object", "Copy it there again.")
    if value.get("init_inputs"):
        raise Fault(file.name, "gives arguments to the tokenizer (init_inputs)", "Remove that line.")
    for key, named in value.items():
        for name in named if isinstance(named, list) and key.endswith("_files") else [named]:
            if re.search(r"(_files?|^vocab|^merges)$", key) and isinstance(name, str) and _leads_out(name, folder):
                raise Fault(file.name, f"names a file outside the folder ({key})", "Remove that line.")


def _leads_out(name: str, folder: Path) -> bool:
    """Old settings often name a path of their author's machine, which is harmless where it leads nowhere."""
    place = Path(os.path.expanduser(name))
    try:
        real = (folder / place).resolve()
        return ".." in place.parts or (not real.is_relative_to(folder.resolve()) and real.exists())
    except (OSError, ValueError, RuntimeError):
        return True


def _check_config(file: File, value: Any) -> None:
    if not isinstance(value, dict):
        raise Fault(file.name, "is damaged: it is no JSON object", "Copy it there again.")
    for key, inner in _pairs(value):
        if _RUNS.fullmatch(key):
            names = inner.values() if isinstance(inner, dict) else [inner]
            if not all(name is None or (isinstance(name, str) and _PLAIN.fullmatch(name)) for name in names):
                raise Fault(file.name, f"asks for code from elsewhere ({key})", "Remove that line.")
        if type(inner) is int and abs(inner) >= 1 << 31 and key != "model_max_length":
            raise Fault(file.name, f"has an impossible value ({key})", "Copy it there again.")


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield every key with its value, at any depth."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            yield from ((str(key), inner) for key, inner in found.items())
            waiting.extend(found.values())
        elif isinstance(found, list):
            waiting.extend(found)


def _check_modules(file: File, value: Any) -> None:
    """sentence-transformers imports the classes that this file names."""
    for entry in value if isinstance(value, list) else [None]:
        kind = entry.get("type") if isinstance(entry, dict) else None
        path = entry.get("path", "") if isinstance(entry, dict) else None
        if not isinstance(kind, str) or not re.fullmatch(r"sentence_transformers(\.\w+)+", kind):
            raise Fault(file.name, "names a class that is not of sentence-transformers", "Remove the file.")
        if path and not is_inside(path):
            raise Fault(file.name, "names a folder outside this one", "Remove the file.")


def check_fit(file: File, config: Any, shapes: Shapes) -> None:
    """Raise Fault when sizes in config.json are those of no weight: layers would begin from nothing, unnoticed."""
    if not isinstance(config, dict) or "quantization_config" in config or not shapes:
        return
    known = {size for shape in shapes.values() for size in shape}
    for key in _SIZES:
        size = config.get(key)
        if type(size) is int and size not in known:
            raise Fault(
                file.name, f"does not fit the weights: {key} {size:,} is the size of none", "Copy it there again."
            )
