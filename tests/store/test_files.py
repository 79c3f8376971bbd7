"""Files and folders are whole or not there, private, and found out when they are damaged."""

from __future__ import annotations

import json
import os
import random
import stat
from pathlib import Path

import pytest

from fmtools.core.errors import StoreError
from fmtools.store import files


def fill(folder: Path) -> Path:
    (folder / "inner").mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(os.urandom(3000))
    (folder / "inner" / "state.json").write_text('{"step": 5}')
    files.seal(folder, {"step": 5})
    return folder


def test_private_folders_all_the_way(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        files.private_folder(tmp_path / "a" / "b" / "c")
        files.write_file(tmp_path / "a" / "file", b"x")
    finally:
        os.umask(old)
    for path in ("a", "a/b", "a/b/c"):
        assert stat.S_IMODE((tmp_path / path).stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "a" / "file").stat().st_mode) == 0o600


def test_a_refused_write_leaves_the_old_content_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.json"
    files.write_json(path, {"a": 1})
    for name in ("write", "fsync", "replace"):
        with monkeypatch.context() as patch:

            def fail(*_: object) -> int:
                raise OSError(28, "No space left on device")

            patch.setattr(os, name, fail)
            with pytest.raises(OSError, match="No space"):
                files.write_json(path, {"a": 2})
        assert files.read_json(path) == {"a": 1}
        assert [p.name for p in tmp_path.iterdir()] == ["run.json"]


def test_short_writes_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:7]))
    files.write_file(tmp_path / "f", bytes(range(100)))
    assert (tmp_path / "f").read_bytes() == bytes(range(100))


def test_nan_is_not_written_as_json(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(tmp_path / "f.json", {"a": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_damaged_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(StoreError, match=r"x\.json is damaged"):
        files.read_json(tmp_path / "x.json")


def test_a_sealed_folder_is_trusted_until_a_bit_flips(tmp_path: Path) -> None:
    """1,000 flipped bits and 200 cuts in the files that a manifest covers: every one is found."""
    folder = fill(tmp_path / "sealed")
    assert files.fault_in(folder) == ""
    rng = random.Random(1)
    for path in (folder / "model.safetensors", folder / "inner" / "state.json"):
        good = path.read_bytes()
        for turn in range(600):
            if turn < 500:
                at = rng.randrange(len(good) * 8)
                bad = good[: at // 8] + bytes([good[at // 8] ^ 1 << at % 8]) + good[at // 8 + 1 :]
            else:
                bad = good[: rng.randrange(len(good))]
            path.write_bytes(bad)
            assert path.name in files.fault_in(folder)
        path.write_bytes(good)
    assert files.fault_in(folder) == ""
    (folder / "model.safetensors").unlink()
    assert files.fault_in(folder) == "model.safetensors is missing"


def test_a_manifest_that_is_damaged_is_a_fault(tmp_path: Path) -> None:
    folder = fill(tmp_path / "sealed")
    path = folder / files.MANIFEST
    good = path.read_bytes()
    for i in range(len(good)):
        for bit in range(8):
            path.write_bytes(good[:i] + bytes([good[i] ^ 1 << bit]) + good[i + 1 :])
            assert files.fault_in(folder) != "", (i, bit)
    older = {key: value for key, value in json.loads(good).items() if key != "sha256"} | {"version": 1}
    path.write_text(json.dumps(older))
    assert files.fault_in(folder) == ""
    for content in ("", "[]", "{}", '{"files": []}', '{"files": {"model.safetensors": 3}}', "null"):
        path.write_text(content)
        assert files.fault_in(folder) == "its manifest is damaged"
    path.unlink()
    assert files.fault_in(folder) == "it has no manifest"


def test_an_unreadable_file_is_a_fault_not_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(tmp_path / "sealed")

    def bad_sector(path: Path) -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(files, "sha256_file", bad_sector)
    assert "cannot be read (input/output error)" in files.fault_in(folder)


def test_publishing_replaces_and_a_kill_in_between_gives_the_old_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    final = tmp_path / "5"
    files.publish(fill(tmp_path / "one"), final)
    files.publish(fill(tmp_path / "two"), final)
    assert [p.name for p in tmp_path.iterdir()] == ["5"]
    before = (final / "model.safetensors").read_bytes()
    stage, real = fill(tmp_path / "three"), os.rename

    class Killed(BaseException):
        pass

    def rename(source: Path, target: Path) -> None:
        if source == stage:
            raise Killed
        real(source, target)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(Killed):
        files.publish(stage, final)
    assert not final.exists()
    monkeypatch.setattr(os, "rename", real)
    files.sweep(tmp_path)
    assert (final / "model.safetensors").read_bytes() == before
    assert files.fault_in(final) == ""


def test_sweep_removes_what_is_half_made_and_nothing_else(tmp_path: Path) -> None:
    for name in (".tmp-1-A", ".trash-5-A", "5", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / ".tmp-file").write_text("x")
    files.sweep(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [".hidden", "5"]
    files.sweep(tmp_path / "absent")


def test_links_are_not_sealed(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "real").write_text("x")
    (folder / "link").symlink_to("/etc/passwd")
    files.seal(folder, {})
    assert list(json.loads((folder / files.MANIFEST).read_text())["files"]) == ["real"]
