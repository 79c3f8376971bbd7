"""Check binder/ without a container engine: do the files say what the project needs, does the shell script parse?

With jupyter-repo2docker on the PATH, it is asked too (`jupyter-repo2docker --no-build .`); it is no dependency of ours.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent


def conda_problems(project: dict[str, object]) -> list[str]:
    """Say what is wrong with environment.yml, seen from pyproject.toml's [project] table."""
    environment = yaml.safe_load((ROOT / "binder" / "environment.yml").read_text(encoding="utf-8"))
    wanted = [str(entry) for entry in environment["dependencies"]]
    python = next((re.sub(r"^python=+", "", entry) for entry in wanted if entry.startswith("python=")), "")
    least = str(project["requires-python"]).removeprefix(">=")
    problems = []
    if not python or tuple(map(int, python.split("."))) < tuple(map(int, least.split("."))):
        problems.append(f"environment.yml asks for Python {python or '?'}, pyproject.toml for {least} or newer")
    if not any(entry.startswith("pytorch-cpu") for entry in wanted):
        problems.append("environment.yml does not bring pytorch-cpu")
    return problems


def script_problems(project: dict[str, object]) -> list[str]:
    """Say what is wrong with postBuild: rights, syntax, extras that do not exist."""
    script = ROOT / "binder" / "postBuild"
    problems = [] if os.access(script, os.X_OK) else ["postBuild is not executable"]
    parsed = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True)
    if parsed.returncode:
        problems.append(f"postBuild does not parse: {parsed.stderr.strip()}")
    named = re.search(r'"\.\[([\w,-]+)\]"', script.read_text(encoding="utf-8"))
    known = project["optional-dependencies"]
    assert isinstance(known, dict)
    unknown = set(named[1].split(",")) - set(known) if named else {"(none named)"}
    return [*problems, *(f"postBuild installs an extra that does not exist: {extra}" for extra in sorted(unknown))]


def repo2docker_problems() -> list[str]:
    """Let repo2docker plan the image, if it is installed."""
    tool = shutil.which("jupyter-repo2docker")
    if tool is None:
        return []
    planned = subprocess.run([tool, "--no-build", str(ROOT)], capture_output=True, text=True)
    return [] if planned.returncode == 0 else [f"repo2docker refuses the repository: {planned.stderr.strip()}"]


def main() -> int:
    """Print each problem; return 1 if there is one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    problems = [*conda_problems(project), *script_problems(project), *repo2docker_problems()]
    for problem in problems:
        print(f"binder: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
