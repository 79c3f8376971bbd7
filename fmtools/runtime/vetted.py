"""Folders of models that somebody names: those of this store are our own, all others are a stranger's."""

from __future__ import annotations

from pathlib import Path

from ..core.errors import ModelError
from ..kit.exporting import handed
from ..kit.stranger import check as stranger
from ..store.files import fault_in
from ..store.runs import home
from . import sealing


def in_memory(folder: Path, key_file: str | None) -> dict[str, bytes] | None:
    """Return the files of an encrypted artefact of this store, opened in memory; None for one that is not encrypted.

    Raises DataError for another key and for changed files, ModelError for one from elsewhere: it has to be checked first.
    """
    if not sealing.is_sealed(folder):
        return None
    if not folder.resolve().is_relative_to((home() / "runs").resolve()):
        raise ModelError(
            f"{folder} is encrypted and no artefact of a run here.",
            "Write it in the clear (%fm_protect FILE.age --decrypt): it is then checked as any folder is.",
        )
    if not handed.possible():
        raise ModelError(
            "This system cannot hand an encrypted model to a server without writing it to the disk.", "Linux can."
        )
    return sealing.opened(folder, key_file).files


def vetted(folder: Path) -> Path:
    """Return a model's folder that may be read. Raises ModelError for what `kit.stranger.check` refuses.

    A whole artefact of a run in this store was written and sealed here: it is not parsed again.
    """
    if sealing.is_sealed(folder):
        raise ModelError(
            f"The model in {folder} is encrypted.", "`%fm_protect FILE.age --decrypt` writes it in the clear."
        )
    ours = folder.resolve().is_relative_to((home() / "runs").resolve())
    return folder if ours and not fault_in(folder) else stranger.check(folder)
