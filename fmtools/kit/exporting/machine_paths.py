"""Takes this machine's paths out of what goes elsewhere: a folder tells who trained a model, and where."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

#: Where libraries write down what they were given as a path.
_KEYS = re.compile(r"^_?name_or_path$|_(file|path)$|^(base|data|model)$")
_ABSOLUTE = re.compile(r"^(~?[\\/]|[A-Za-z]:[\\/])")
#: Folders of a path that stands in other words; not those of an address (https://...).
_FOLDERS = re.compile(r"(?<![\w.:/\\-])(?:~|[A-Za-z]:)?(?:[\\/][^\\/,;\s]+)*[\\/]")


def bare(value: str) -> str:
    """Return a path's last name; the paths in other words without their folders."""
    if _ABSOLUTE.match(value) and not re.search(r"[,;]", value):
        return re.split(r"[\\/]", value.rstrip("\\/"))[-1]
    return _FOLDERS.sub("", value)


def cleaned(value: Any, key: str = "") -> Any:
    """Return a JSON value in which nothing that libraries keep as a path has its folders."""
    if isinstance(value, dict):
        return {name: cleaned(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [cleaned(one) for one in value]
    return bare(value) if isinstance(value, str) and _KEYS.search(key) else value


def clean(folder: Path) -> None:
    """Clean the descriptions in a model folder, tokenizer.json excepted: its words may well look like paths."""
    for path in folder.rglob("*.json"):
        if path.name in ("tokenizer.json", "vocab.json"):
            continue
        old = json.loads(path.read_text(encoding="utf-8"))
        if (new := cleaned(old)) != old:
            path.write_text(json.dumps(new, ensure_ascii=False, indent=2), encoding="utf-8")
