"""Packages from a registry on this machine: what is fetched is checked before it is opened, and only what is needed comes out."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from fmtools.core.errors import FmError
from fmtools.kit.fetching import packages
from fmtools.kit.fetching.assets import Package, needed, tree_digest
from fmtools.kit.fetching.packages import obtain, unpack

FILES = {"text/one.txt": b"one", "text/inner/two.txt": b"two"}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that a server on this machine shows as PyPI's index, npm's registry and Debian's pool."""
    root = tmp_path / "registry"
    root.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    for key in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", f"{url}/simple")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("npm_config_registry", url)
    monkeypatch.setattr(packages, "DEBIAN", url)
    monkeypatch.setattr(packages.shutil, "which", lambda name: None)
    yield root
    server.shutdown()
    server.server_close()


def tar_of(files: dict[str, bytes], mode: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tar:  # type: ignore[call-overload]
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def wheel_of(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    about = {
        "demo_texts-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: demo-texts\nVersion: 1.0\n",
        "demo_texts-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "demo_texts-1.0.dist-info/RECORD": b"",
    }
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in {**files, **about}.items():
            archive.writestr(name, content)
    return out.getvalue()


def deb_of(files: dict[str, bytes]) -> bytes:
    """Return an `ar` archive as dpkg makes them; the first member has an odd length."""
    parts = [
        ("debian-binary", b"2.0\n\n"),
        ("data.tar.xz", tar_of({f"./{name}": c for name, c in files.items()}, "w:xz")),
    ]
    out = b"!<arch>\n"
    for name, content in parts:
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode() + content
        out += b"\n" * (len(content) % 2)
    return out


def package(registry: str, file: str, content: bytes, base: str = "text", **facts: Any) -> Package:
    lines = "".join(
        f"{base}/{name}\0{hashlib.sha256(FILES['text/' + name]).hexdigest()}\n" for name in ("inner/two.txt", "one.txt")
    )
    known = {
        "registry": registry, "name": "demo-texts", "version": "1.0", "file": file, "size": len(content), "base": base,
        "sha256": hashlib.sha256(content).hexdigest(), "members": r"(.+/)?\w+\.txt",
        "digest": hashlib.sha256(lines.encode()).hexdigest(), "pool": "pool/d",
    }  # fmt: skip
    return Package(**{**known, **facts})


def moved(base: str, prefix: str = "") -> dict[str, bytes]:
    """Return the files below another base, with things beside them that nobody needs, or must not have."""
    files = {f"{prefix}{base}/{name.removeprefix('text/')}": content for name, content in FILES.items()}
    return {**files, f"{prefix}{base}/x.py": b"raise", f"{prefix}LICENSE.md": b"free", f"{prefix}../../evil.txt": b"!"}


def put(root: Path, path: str, content: bytes) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(content)


def written(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def index(root: Path, file: str, as_json: bool) -> None:
    link = f"../../files/{file}"
    page = json.dumps({"files": [{"url": link}]}) if as_json else f'<a href="{link}#sha256=0">x</a>'
    put(root, "simple/demo-texts/index.html", page.encode())


@pytest.mark.parametrize("as_json", [True, False])
def test_an_sdist_comes_from_the_index_and_its_code_is_not_run(registry: Path, tmp_path: Path, as_json: bool) -> None:
    canary = tmp_path / "ran"
    content = tar_of(
        {**moved("text", "demo_texts-1.0/"), "demo_texts-1.0/setup.py": f"open({str(canary)!r}, 'w')".encode()}
    )
    put(registry, "files/demo_texts-1.0.tar.gz", content)
    index(registry, "demo_texts-1.0.tar.gz", as_json)
    came: list[int] = []
    out = tmp_path / "out"
    root = obtain(package("pypi", "demo_texts-1.0.tar.gz", content), out, lambda done, total: came.append(done))
    assert root == out
    assert written(out) == {"text/one.txt", "text/inner/two.txt", "LICENSE.md"}
    assert came[-1] == len(content)
    assert not canary.exists()


def test_a_wheel_comes_through_pip(registry: Path, tmp_path: Path) -> None:
    content = wheel_of(moved("demo_texts"))
    put(registry, "files/demo_texts-1.0-py3-none-any.whl", content)
    index_page = '<a href="../../files/demo_texts-1.0-py3-none-any.whl">demo_texts-1.0-py3-none-any.whl</a>'
    put(registry, "simple/demo-texts/index.html", f"<!DOCTYPE html><html><body>{index_page}</body></html>".encode())
    pinned = package("pypi", "demo_texts-1.0-py3-none-any.whl", content, "demo_texts")
    obtain(pinned, tmp_path / "out", lambda done, total: None)
    assert written(tmp_path / "out") == {"demo_texts/one.txt", "demo_texts/inner/two.txt", "LICENSE.md"}


def test_npm_and_debian(registry: Path, tmp_path: Path) -> None:
    npm, deb = tar_of(moved("text", "package/")), deb_of(moved("usr/share/text"))
    put(registry, "@demo/texts/-/texts-1.0.tgz", npm)
    put(registry, "pool/d/texts.deb", deb)
    obtain(package("npm", "texts-1.0.tgz", npm, name="@demo/texts"), tmp_path / "npm", lambda done, total: None)
    obtain(package("debian", "texts.deb", deb, "usr/share/text"), tmp_path / "deb", lambda done, total: None)
    assert written(tmp_path / "npm") == {"text/one.txt", "text/inner/two.txt", "LICENSE.md"}
    assert written(tmp_path / "deb") == {"usr/share/text/one.txt", "usr/share/text/inner/two.txt", "LICENSE.md"}
    assert not (tmp_path / "evil.txt").exists()


def test_another_file_under_the_same_name_is_never_opened(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = tar_of(moved("text", "package/"))
    pinned = package("npm", "texts-1.0.tgz", content, name="texts")
    opened: list[Any] = []
    monkeypatch.setattr(packages, "unpack", lambda *args: opened.append(args))
    for other in (content[:-1], content + b"x", b"<html>log in to the Wi-Fi</html>", b""):
        put(registry, "texts/-/texts-1.0.tgz", other)
        with pytest.raises(FmError, match="is not the known file"):
            obtain(pinned, tmp_path / "out", lambda done, total: None)
    assert opened == []


def test_what_cannot_be_reached_is_one_sentence(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdist = package("pypi", "demo_texts-1.0.tar.gz", b"x")
    npm = package("npm", "texts-1.0.tgz", b"x", name="texts")
    cases = [(sdist, {}, "Not Found|File not found"), (npm, {}, "Not Found|File not found")]
    cases += [
        (npm, {"npm_config_registry": "http://127.0.0.1:9"}, "Connection refused"),
        (npm, {"npm_config_registry": "x"}, ""),
    ]
    for pinned, environment, why in cases:
        for key, value in environment.items():
            monkeypatch.setenv(key, value)
        with pytest.raises(FmError, match="could not be fetched from") as caught:
            obtain(pinned, tmp_path / "out", lambda done, total: None)
        assert "\n" not in caught.value.cause
        assert caught.value.cure
        import re

        assert re.search(why, caught.value.cause)


def test_an_installed_package_is_used_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in moved("demo_installed").items():
        if ".." not in name:
            put(tmp_path / "site", name, content)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    pinned = package("pypi", "none.whl", b"", "demo_installed")
    assert obtain(pinned, tmp_path / "out", lambda done, total: None) == tmp_path / "site"
    assert needed(pinned, tmp_path / "site") == ["demo_installed/inner/two.txt", "demo_installed/one.txt"]
    assert tree_digest(tmp_path / "site", needed(pinned, tmp_path / "site")) == pinned.digest


def test_a_name_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    archive = tmp_path / "evil.whl"
    archive.write_bytes(wheel_of({"text/../../evil.txt": b"!", "/abs/LICENSE": b"!", "text/one.txt": b"one"}))
    unpack(package("pypi", "evil.whl", b""), archive, tmp_path / "out")
    assert written(tmp_path / "out") == {"text/one.txt"}
    assert not (tmp_path / "evil.txt").exists()
