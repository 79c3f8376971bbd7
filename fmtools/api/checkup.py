"""What `%fm_doctor` looks at; every check really looks."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..core import registry
from ..core.contracts import GROUPS
from ..core.errors import FmError
from ..runtime import launch
from ..store.runs import home

Line = tuple[bool, str, str, str]
#: Below these, known faults: torch loads pickles too trustingly, transformers 4 names differ, arrow runs code from files.
MINIMUM = {
    "torch": "2.10",
    "transformers": "5.3",
    "pyarrow": "14.0.1",
    "jupyter_server": "2.18",
    "ipykernel": "7.0",
    "jupyterlab": "4.4",
}
ROOM = 2 << 30


def checks() -> list[Line]:
    """Return (ok, name, what was seen, what to do) for each check."""
    return [*_versions(), _store(), _room(), _extension(), *_plugins(), _model(), _worker(), _processor()]


def _versions() -> list[Line]:
    from packaging.version import Version

    lines: list[Line] = [(sys.version_info >= (3, 11), "python", sys.version.split()[0], "Use Python 3.11 or newer.")]
    for name, least in MINIMUM.items():
        try:
            found = version(name)
            lines.append((Version(found) >= Version(least), name, found, f"pip install -U '{name}>={least}'"))
        except PackageNotFoundError:
            lines.append((False, name, "not installed", f"pip install '{name}>={least}'"))
    return lines


def _store() -> Line:
    root = home()
    try:
        probe = launch.private_folder_checked(root) / f".tmp-doctor-{os.getpid()}"
        probe.write_bytes(b"x")
        probe.unlink()
    except (FmError, OSError) as error:
        return False, "run store", f"{root}: {error}", "Point FMTOOLS_HOME at a folder you can write to."
    return True, "run store", str(root), ""


def _room() -> Line:
    free = shutil.disk_usage(next(p for p in (home(), *home().parents) if p.exists())).free
    return free > ROOM, "disk", f"{free / 1e9:.1f} GB free", "A run keeps two checkpoints: free some space."


def _extension() -> Line:
    from jupyter_core.paths import jupyter_path

    places = [Path(p) / "fmtools" / "package.json" for p in jupyter_path("labextensions")]
    found = next((p for p in places if p.is_file()), None)
    return (
        found is not None,
        "lab extension",
        str(found.parent) if found else "not found",
        "pip install --force-reinstall fmtools",
    )


def _plugins() -> list[Line]:
    lines: list[Line] = []
    for kind in GROUPS:
        broken = []
        for name in registry.names(kind):
            try:
                registry.get(kind, name)
            except FmError as error:
                broken.append(str(error))
        lines.append(
            (not broken, kind, "; ".join(broken) or ", ".join(registry.names(kind)), "Update or uninstall the plug-in.")
        )
    return lines


def _model() -> Line:
    try:
        return True, "default model", launch.resolve("minilm"), ""
    except FmError as error:
        return False, "default model", error.cause, error.cure


def _worker() -> Line:
    try:
        seen = launch.ask("hardware")
    except FmError as error:
        return False, "worker", error.cause, error.cure
    return (
        True,
        "worker",
        f"torch {seen['torch']} on {seen['device']}, {seen['threads']} threads, bf16 {'yes' if seen['bf16'] else 'no'}",
        "",
    )


def _processor() -> Line:
    import psutil

    memory = psutil.virtual_memory()
    seen = f"{os.cpu_count()} cores, {memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB memory free"
    return memory.available > 1e9, "machine", seen, "Close other programs: training needs about 1 GB."
