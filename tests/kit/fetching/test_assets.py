"""What is pinned, where it lies, and that a changed byte is noticed."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from fmtools.core.errors import DataError, ModelError
from fmtools.kit.fetching import assets
from fmtools.kit.fetching.assets import Asset, Package

DIGEST = hashlib.sha256(f"demo/a.txt\0{hashlib.sha256(b'a').hexdigest()}\n".encode()).hexdigest()
PACKAGE = Package("npm", "demo", "1.0", "demo.tgz", "0" * 64, 1_234_567, "demo", r"\w+\.txt", DIGEST)
SET = Asset("data", "demo", (PACKAGE,), 1)
MODEL = Asset("models", "demo", (PACKAGE,), 1, converter="some.module")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FMTOOLS_CACHE", str(tmp_path))
    return tmp_path


def make(asset: Asset, **manifest: object) -> Path:
    """Lay an asset's one file down as a fetch does."""
    (assets.place(asset) / "demo").mkdir(parents=True)
    (assets.place(asset) / "demo/a.txt").write_bytes(b"a")
    files = {"demo/a.txt": {"sha256": hashlib.sha256(b"a").hexdigest()}}
    known = {"packages": asset.pinned, "recipe": asset.recipe, "files": files}
    (assets.place(asset) / "MANIFEST.json").write_text(json.dumps({**known, **manifest}))
    return assets.place(asset)


def test_the_folder_is_the_platforms_unless_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert assets.cache_root() == tmp_path
    monkeypatch.setenv("FMTOOLS_CACHE", "~/there")
    assert assets.cache_root() == Path.home() / "there"
    monkeypatch.delenv("FMTOOLS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert assets.cache_root() == tmp_path / "x" / "fmtools"


def test_what_is_not_here_says_what_to_type() -> None:
    with pytest.raises(DataError, match=r"The set 'demo' is not installed\. `%fm_get demo` \(1\.2 MB\) fetches it\."):
        assets.files(SET)
    with pytest.raises(ModelError, match="The model 'demo' is not installed"):
        assets.folder(MODEL)
    assert not assets.is_here(MODEL)


def test_every_byte_of_a_set_counts(tmp_path: Path) -> None:
    root = make(SET)
    assert assets.files(SET) == {"demo": root}
    (root / "demo/note.md").write_text("a file that is not needed may come")
    assert assets.files(SET) == {"demo": root}
    for spoil in (lambda: (root / "demo/a.txt").write_bytes(b"b"), lambda: (root / "demo/a.txt").unlink()):
        spoil()
        with pytest.raises(DataError, match="is damaged in"):
            assets.files(SET)
    (root / "demo/a.txt").write_bytes(b"a")
    (root / "demo/b.txt").write_bytes(b"one too many")
    with pytest.raises(DataError, match="is damaged"):
        assets.files(SET)


def test_a_models_bytes_are_hashed_once_and_again_when_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    root = make(MODEL)
    assert assets.folder(MODEL) == root
    hashed: list[object] = []
    with monkeypatch.context() as patch:
        patch.setattr(assets.hashlib, "file_digest", lambda *args: hashed.append(args))
        assert assets.folder(MODEL) == root
    assert hashed == []
    (root / "demo/a.txt").write_bytes(b"b")
    os.utime(root / "demo/a.txt", ns=(1, 1))
    with pytest.raises(ModelError, match="is damaged"):
        assets.folder(MODEL)


@pytest.mark.parametrize("changed", [{"recipe": 2}, {"packages": (replace(PACKAGE, version="2.0"),)}])
def test_a_model_of_an_older_recipe_or_package_is_not_taken(changed: dict[str, object]) -> None:
    make(MODEL)
    assert assets.is_here(MODEL)
    newer = replace(MODEL, **changed)  # type: ignore[arg-type]
    assert not assets.is_here(newer)
    with pytest.raises(ModelError, match="fm_get"):
        assets.folder(newer)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"files": 3}', "null"])
def test_a_damaged_manifest_is_no_crash(text: str) -> None:
    (make(MODEL) / "MANIFEST.json").write_text(text)
    with pytest.raises(ModelError):
        assets.folder(MODEL)
