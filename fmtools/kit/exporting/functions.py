"""The functions of a written model as its card names them: which file each is in, what it takes and gives, in order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...core.exporting import CARD


@dataclass(frozen=True)
class Function:
    """One function: its file, relative to the folder, and the names of its inputs and outputs in their order."""

    file: str
    inputs: list[str]
    outputs: list[str]


def of(folder: Path) -> dict[str, Function]:
    """Return the functions of a written model by name: "model", or "encoder_model" and "decoder_model"."""
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    named = card.get("functions") or {"model": {"inputs": list(card["inputs"]), "outputs": list(card["outputs"])}}
    return {
        name: Function(card["files"].get(name, ""), list(own["inputs"]), list(own["outputs"]))
        for name, own in named.items()
    }


def taking(functions: Mapping[str, Function], inputs: Iterable[str]) -> str:
    """Return the name of the function that takes these inputs."""
    given = set(inputs)
    return next((name for name, own in functions.items() if set(own.inputs) == given), next(iter(functions)))
