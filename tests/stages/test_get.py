"""Fetching by name: whole or not at all, and what was there stays until the new one is whole."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from fmtools.core.errors import FmError, OptionError
from fmtools.kit.fetching import assets, packages
from fmtools.kit.fetching.assets import Asset, Package
from fmtools.stages import get as stage

TEXT = b"a line\n" * 1000


def archive() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in (("package/demo/a.txt", TEXT), ("package/LICENSE", b"free")):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def demo(content: bytes) -> Asset:
    digest = hashlib.sha256(f"demo/a.txt\0{hashlib.sha256(TEXT).hexdigest()}\n".encode()).hexdigest()
    sha = hashlib.sha256(content).hexdigest()
    return Asset(
        "data", "demo", (Package("npm", "demo", "1.0", "demo.tgz", sha, len(content), "demo", r"a\.txt", digest),), 7000
    )


@pytest.fixture
def asset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asset:
    """A set whose package lies on this machine: urllib reads `file:` addresses."""
    content = archive()
    (tmp_path / "demo/-").mkdir(parents=True)
    (tmp_path / "demo/-/demo-1.0.tgz").write_bytes(content)
    monkeypatch.setenv("FMTOOLS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_registry", f"file://{tmp_path}")
    return demo(content)


def fetch(asset: Asset, again: bool = False) -> stage.Got:
    return stage.get(asset, again, lambda text: None, lambda done, total: None)


def clean(asset: Asset) -> list[str]:
    """Return what lies beside the finished folder: nothing may."""
    return sorted(path.name for path in assets.place(asset).parent.iterdir() if path.name != asset.name)


def test_it_is_fetched_once_sealed_and_private(asset: Asset) -> None:
    got = fetch(asset)
    assert (got.fetched, got.folder) == (True, str(assets.place(asset)))
    root = assets.files(asset)["demo"]
    assert (root / "demo/a.txt").read_bytes() == TEXT
    assert (root / "licences/LICENSE").read_bytes() == b"free"
    assert (root / "MANIFEST.json").is_file()
    assert root.stat().st_mode & 0o777 == 0o700
    assert (root / "demo/a.txt").stat().st_mode & 0o777 == 0o600
    assert clean(asset) == []
    assert fetch(asset).fetched is False
    assert fetch(asset, again=True).fetched is True


def test_a_damaged_one_is_fetched_anew(asset: Asset) -> None:
    fetch(asset)
    (assets.place(asset) / "demo/a.txt").write_bytes(b"")
    assert fetch(asset).fetched is True
    assert assets.files(asset)


def test_a_failure_leaves_the_old_one_and_nothing_else(asset: Asset, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch(asset)
    before = (assets.place(asset) / "MANIFEST.json").stat().st_ino
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    with pytest.raises(FmError, match="could not be fetched"):
        fetch(asset, again=True)
    monkeypatch.setattr(packages, "obtain", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch(asset, again=True)
    assert (assets.place(asset) / "MANIFEST.json").stat().st_ino == before
    assert clean(asset) == []


def interrupted(package: Package, folder: Path, progress: object) -> Path:
    (folder / "half").write_bytes(b"half")
    raise KeyboardInterrupt


def test_a_disk_without_room_is_said_before_the_download(asset: Asset) -> None:
    with pytest.raises(FmError, match=r"Could not keep demo .*FMTOOLS_CACHE"):
        fetch(replace(asset, disk=1 << 60))
    assert clean(asset) == []


@pytest.mark.fault
@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of POSIX")
def test_a_disk_that_fills_up_on_the_way_is_one_sentence(asset: Asset, tmp_path: Path) -> None:
    """A process of its own, whose files may have 100 bytes: the write itself fails."""
    code = f"""
import resource, signal, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import test_get
from fmtools.core.errors import FmError
asset = test_get.demo(test_get.archive())
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    test_get.fetch(asset)
except FmError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("Could not keep demo"), done.stderr
    assert "file-size limit" in done.stdout
    assert clean(asset) == []


def test_a_converter_that_fails_is_one_sentence_and_leaves_nothing(asset: Asset) -> None:
    """json.tool is a module that ends with a message for a folder: as any converter may."""
    model = replace(asset, kind="models", converter="json.tool")
    with pytest.raises(FmError, match="Converting demo failed: ") as caught:
        fetch(model)
    assert "\n" not in caught.value.cause
    assert clean(model) == []


def test_a_name_that_there_is_not_stops_before_anything_is_fetched() -> None:
    with pytest.raises(OptionError, match="Did you mean e5-small"):
        stage.wanted(["moby-dick", "e5-smal"])
    assert [asset.name for asset in stage.wanted(["faq", "faq-zh", "ui-strings-ja", "minilm"])] == [
        "faq",
        "ui-strings",
        "minilm",
    ]


def test_everything_that_can_be_fetched_is_pinned() -> None:
    for asset in set(stage.known().values()):
        assert asset.disk > 0
        for package in asset.packages:
            assert len(package.sha256) == len(package.digest) == 64
            assert package.size > 0
            assert package.version in package.file
            assert package.pool or package.registry != "debian"
