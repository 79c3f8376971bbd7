"""What the server of a bundle needs, pinned to the versions that are installed here, hence tested together."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import distribution, version

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

#: What the server imports, and what makes uvicorn quick.
NEEDED = (
    "fastapi", "httptools", "numpy", "onnxruntime", "prometheus-client", "pydantic", "starlette", "tokenizers", "uvicorn",
    "uvloop",
)  # fmt: skip
#: What a task needs besides: a language model's chat template is written in jinja2.
BESIDES = {"text-generation": ("jinja2",), "preference-tuning": ("jinja2",)}
#: Asked for by tokenizers to fetch files from a hub, which a server never does; it would bring another 20 packages.
UNUSED = frozenset(("huggingface-hub",))
#: Packages that some system has not.
MARKERS = {"uvloop": 'sys_platform != "win32"'}


def pinned(task: str) -> list[str]:
    """Return the lines of requirements.txt: every package that a task's server needs, in order of name.

    Raises importlib.metadata.PackageNotFoundError when one of them is not installed.
    """
    found: dict[str, str] = {}
    _take((*NEEDED, *BESIDES.get(task, ())), found)
    return [_line(name, found[name]) for name in sorted(found)]


def _take(names: Iterable[str], found: dict[str, str]) -> None:
    for name in names:
        if name in found or name in UNUSED:
            continue
        # A build of a wheel for one machine (1.0+cpu) is on no index; its release is.
        found[name] = version(name).partition("+")[0]
        asked = (Requirement(line) for line in distribution(name).requires or ())
        _take([canonicalize_name(one.name) for one in asked if _applies(one)], found)


def _applies(one: Requirement) -> bool:
    return one.marker is None or one.marker.evaluate({"extra": ""})


def _line(name: str, number: str) -> str:
    return f"{name}=={number}" + (f" ; {MARKERS[name]}" if name in MARKERS else "")
