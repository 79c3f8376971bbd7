"""What a user installs: declared dependencies, pins, entry points, and what lies in the wheel."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import fmtools

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "fmtools"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OPTIONAL = (
    "quickstart",
    "reviews",
    "embed",
    "llm",
    "pii",
    "tensorboard",
    "mlflow",
    "trackio",
    "ray",
    "ray-serve",
    "serve",
)
#: Comes with one of ours that is declared, and belongs to it.
CARRIED = {"jupyter-core", "jupyter-client", "tornado", "traitlets", "comm", "tokenizers", "pydantic-core", "protobuf"}
#: Extras that `make setup` leaves out, and what only scripts import that run in a Python which has it.
LEFT_OUT, ELSEWHERE = ("executorch",), {"onnx2tf", "tensorflow"}


def declared(*extras: str) -> dict[str, Requirement]:
    """Return the requirements of the wheel, and of some extras, by canonical name."""
    optional = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *(line for extra in extras for line in optional[extra])]
    requirements = (Requirement(line) for line in lines)
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return {
        canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines) if version
    }


def imported() -> set[str]:
    """Return the top-level modules that any file of the package imports, wherever the import stands."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"fmtools"}


def test_every_import_is_a_declared_dependency() -> None:
    owners = packages_distributions()
    known = {*declared(*OPTIONAL, *LEFT_OUT), *CARRIED, *ELSEWHERE}
    unknown = {name for name in imported() if not {canonicalize_name(d) for d in owners.get(name, [name])} & known}
    assert unknown == set()


def test_every_declared_requirement_has_a_pin_in_its_range() -> None:
    pinned = pins()
    wanted = {name: req for name, req in declared(*OPTIONAL, "zh", "dev", "test").items() if name != "fmtools"}
    assert [name for name in wanted if name not in pinned] == []
    assert [str(req) for name, req in wanted.items() if pinned[name] not in req.specifier] == []


def test_the_version_is_said_once() -> None:
    said = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["version"]
    assert fmtools.__version__ == said == version("fmtools")
    assert "version" not in PROJECT


def test_torchvision_never_comes_in() -> None:
    assert "torchvision" not in {*pins(), *declared("quickstart", "reviews", "zh", "dev", "test")}


@pytest.mark.parametrize("group", sorted(PROJECT["entry-points"]))
def test_entry_points_name_what_exists(group: str) -> None:
    for target in PROJECT["entry-points"][group].values():
        module, _, name = target.partition(":")
        path = ROOT / module.replace(".", "/")
        source = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
        assert not name or re.search(rf"^class {name}\b", source.read_text(encoding="utf-8"), re.M), target


def test_no_task_source_or_model_lacks_its_entry_point() -> None:
    registered = {target for group in PROJECT["entry-points"].values() for target in group.values()}
    modules = {target.partition(":")[0] for target in registered}
    files = [path for path in (PACKAGE / "plugins").rglob("*.py") if not path.name.startswith("_")]
    assert files
    assert [str(p) for p in files if ".".join(p.relative_to(ROOT).with_suffix("").parts) not in modules] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the names in a wheel built from the tree as it stands; needs the labextension that `make setup` built."""
    if not (PACKAGE / "labextension" / "static" / "style.js").exists():
        pytest.fail("the labextension is not built: run `make setup`")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        return archive.namelist()


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_package(wheel: list[str]) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "fmtools"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert [name for name in tracked.splitlines() if name not in wheel and (ROOT / name).exists()] == []


@pytest.mark.slow
def test_the_wheel_installs_the_labextension_once_and_enables_the_server(wheel: list[str]) -> None:
    assert [name for name in wheel if name.startswith("fmtools/labextension")] == []
    data = {name.partition(".data/data/")[2] for name in wheel if ".data/data/" in name}
    assert {"etc/jupyter/jupyter_server_config.d/fmtools.json"} <= data
    lab = "share/jupyter/labextensions/fmtools/"
    assert {f"{lab}package.json", f"{lab}install.json", f"{lab}static/style.js"} <= data
    assert any(re.fullmatch(lab + r"static/remoteEntry\.[0-9a-f]+\.js", name) for name in data)
