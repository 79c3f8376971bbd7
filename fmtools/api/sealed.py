"""What `protect --encrypt` and `--decrypt` return."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.options import ProtectOptions
from ..runtime import sealing
from .results import Shown


@dataclass(repr=False)
class Sealed(Shown):
    """An encrypted file that was made, or one that was decrypted: `path` of what was written, None for kept data."""

    facts: dict[str, Any]

    @property
    def path(self) -> Path | None:
        """The encrypted file, or the folder in the clear; None where `version` names data in the store."""
        found = self.facts.get("encrypted") or self.facts.get("path")
        return Path(found) if found else None

    @property
    def version(self) -> str:
        """NAME@v1 of data that came back into the store; "" else."""
        return str(self.facts.get("version", "")) if "decrypted" in self.facts else ""

    def to_json(self) -> dict[str, Any]:
        return self.facts

    def text(self) -> str:
        from ..views.sealed import sealed_text

        return sealed_text(self.facts)

    def html(self) -> str:
        from ..views.sealed import sealed_html

        return sealed_html(self.facts)


def sealed(options: ProtectOptions) -> Sealed:
    """Encrypt, or decrypt, what the options name."""
    return Sealed(sealing.encrypt(options) if options.encrypt else sealing.decrypt(options))
