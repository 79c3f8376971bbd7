"""wrap: an artefact that a run has already (a quantized one, say) put as it is into a format that takes such, as a bundle does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..core import registry
from ..core.errors import ModelError
from ..core.exporting import CARD, Wrapper
from ..store import artifacts
from ..store.files import MANIFEST, fault_in, sha256_file


def wrap(source: str, path: str, to: str, name: str, training: dict[str, Any]) -> dict[str, Any]:
    """Write artifacts/`name` of the run in `path` from the artefact in `source`; return its card, with "path" and "size_bytes".

    The artefact was compared with the original when it was written, so here its files have to be those that its manifest
    lists, and have to load. Raises ModelError, and leaves nothing, when one is not.
    """
    from ..kit.exporting import fresh
    from ..kit.training.durable import disk_refusal

    run, artefact = Path(path), Path(source)
    wrapper: Wrapper = registry.get("exporters", to)
    if fault := fault_in(artefact):
        raise ModelError(f"The artefact {artefact.name} is damaged: {fault}.", "Write it anew, then try again.")
    card: dict[str, Any] = json.loads((artefact / CARD).read_text(encoding="utf-8"))
    card |= {"base": training.get("model", ""), "licence": training.get("licence", "")}

    def save(folder: Path) -> None:
        card.update(wrapper.wrap(artefact, card, folder))
        (folder / CARD).write_text(json.dumps(card, ensure_ascii=False, indent=1), encoding="utf-8")
        _same(artefact, folder)
        with fresh.opened(to, folder):
            wrapper.finish(folder, card)

    size = artifacts.write(run, name, save, {"run": card.get("run", ""), "format": card["format"]}, disk_refusal)
    return {**card, "path": str(run / "artifacts" / name), "size_bytes": size}


def _same(source: Path, folder: Path) -> None:
    """Raise ModelError when a file that the artefact's manifest lists, its description excepted, is not in the copy."""
    listed = json.loads((source / MANIFEST).read_text(encoding="utf-8"))["files"]
    copied = {sha256_file(path) for path in folder.rglob("*") if path.is_file()}
    if any(entry["sha256"] not in copied for name, entry in listed.items() if name != CARD):
        raise ModelError("The copy of the model differs from the artefact.", "Look at the disk, then try again.")
