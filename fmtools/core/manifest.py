"""The manifest of a sealed folder: the sha256 of every file, and from version 2 on that of itself."""

from __future__ import annotations

import hashlib
import json
from typing import Any

#: 1 had no sha256 of its own. The two differ in more than one bit, so that no flipped bit makes one the other.
VERSION, OLD = 2, 1


def signed(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest with the sha256 of what it says."""
    return {**manifest, "sha256": _digest(manifest)}


def is_whole(manifest: dict[str, Any]) -> bool:
    """Say whether a manifest says what it said when it was written; those of version 1 cannot tell."""
    if manifest.get("version") == OLD and "sha256" not in manifest:
        return True
    return manifest.get("version") == VERSION and manifest.get("sha256") == _digest(manifest)


def _digest(manifest: dict[str, Any]) -> str:
    said = {name: value for name, value in manifest.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
