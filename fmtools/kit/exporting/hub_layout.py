"""What lies in a model folder in the hub's layout, and what of it goes along with weights of another format."""

from __future__ import annotations

import shutil
from pathlib import Path

#: Endings of weights, of which a format that is not torch's needs none.
WEIGHTS = (".safetensors", ".safetensors.index.json")
#: Endings of what would be run when it is opened.
CODE = (".py", ".pkl", ".bin", ".pt", ".pth")
#: Ours: they are written anew for a copy.
OURS = ("MANIFEST.json", "fmtools.json")


def copy_all(source: Path, target: Path) -> None:
    """Copy a model folder, without what fmtools itself wrote about it."""
    shutil.copytree(
        source, target, dirs_exist_ok=True, ignore=lambda _, names: [name for name in names if name in OURS]
    )


def copy_small(source: Path, target: Path) -> None:
    """Copy everything but weights and code: configuration, tokenizer, generation settings."""
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        if path.is_file() and path.name not in OURS and not path.name.endswith((*WEIGHTS, *CODE)):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / name)


def weights(folder: Path) -> str:
    """Return the name of the file with the weights, or of the index of several; "" when there is none."""
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.name.endswith(WEIGHTS))
    return next((name for name in found if name.endswith(".json")), found[0] if found else "")
