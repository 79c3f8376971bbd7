"""Folders of models that somebody names: those of this store are our own, all others are a stranger's."""

from __future__ import annotations

from pathlib import Path

from ..core.errors import ModelError
from ..kit import stranger
from ..store.files import fault_in
from ..store.runs import home
from . import sealing


def vetted(folder: Path) -> Path:
    """Return a model's folder that may be read. Raises ModelError for what `kit.stranger` refuses.

    A whole artefact of a run in this store was written and sealed here: it is not parsed again.
    """
    if sealing.is_sealed(folder):
        raise ModelError(
            f"The model in {folder} is encrypted.", "`%fm_protect FILE.age --decrypt` writes it in the clear."
        )
    ours = folder.resolve().is_relative_to((home() / "runs").resolve())
    return folder if ours and not fault_in(folder) else stranger.check(folder)
