"""Files of exported models over HTTP: what the manifest lists, byte for byte, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fmtools.store import artifacts
from fmtools.store.runs import RunFolder

ABOUT = {"schema": 1, "format": "onnx", "task": "text-classification", "method": "int8-dynamic"}
MODEL = bytes(range(256)) * 9000  # more than two pieces


@pytest.fixture
def exported(make_run: Callable[..., RunFolder]) -> RunFolder:
    """A run with an artifact `onnx`, sealed as an export seals it."""
    run = make_run([{"type": "status", "status": "done"}])

    def save(folder: Path) -> None:
        (folder / "onnx").mkdir()
        (folder / "onnx" / "model.onnx").write_bytes(MODEL)
        (folder / "fmtools.json").write_text(json.dumps(ABOUT))

    artifacts.write(run.path, "onnx", save, {"run": run.id}, lambda error: None)
    return run


async def test_the_list_names_exports_and_their_size(ask: Any, exported: RunFolder, make_run: Any) -> None:
    make_run()
    code, body, _ = await ask("exports")
    size = len(MODEL) + len(json.dumps(ABOUT))
    facts = {"name": "onnx", "format": "onnx", "task": "text-classification", "method": "int8-dynamic", "bytes": size}
    assert (code, body) == (200, {"exports": {exported.id: [facts]}})


async def test_listed_files_come_whole(ask: Any, exported: RunFolder) -> None:
    where = ("runs", exported.id, "artifacts", "onnx", "files")
    code, body, response = await ask(*where, "onnx/model.onnx")
    assert (code, body) == (200, MODEL)
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Length"] == str(len(MODEL))
    code, body, _ = await ask(*where, "MANIFEST.json")
    assert code == 200
    assert set(json.loads(body)["files"]) == {"fmtools.json", "onnx/model.onnx"}


async def test_what_is_not_listed_stays(ask: Any, exported: RunFolder, store: Path) -> None:
    folder = exported.path / "artifacts" / "onnx"
    (folder / "secret.txt").write_text("secret")
    (folder / "link").symlink_to("/etc/passwd")
    wrong = [
        "secret.txt",
        "link",
        "..%2F..%2Frun.json",
        "../../run.json",
        "%2Fetc%2Fpasswd",
        "onnx",
        "",
        "onnx%2F..%2Ffmtools.json",
    ]
    for path in wrong:
        code, body, _ = await ask("runs", exported.id, "artifacts", "onnx", f"files/{path}")
        assert code == 404, path
        assert str(store) not in str(body)
    for name in ("..", "%2e%2e", "model", ".tmp-onnx", "%00"):
        assert (await ask("runs", exported.id, "artifacts", name, "files/fmtools.json"))[0] == 404


async def test_a_manifest_of_a_stranger_leads_nowhere(ask: Any, exported: RunFolder) -> None:
    folder = exported.path / "artifacts" / "onnx"
    (folder / "link").symlink_to(exported.path / "run.json")
    outside = {"../../run.json": {"bytes": (exported.path / "run.json").stat().st_size}}
    linked = {"link": outside["../../run.json"]}
    (folder / "MANIFEST.json").write_text(json.dumps({"version": 1, "files": {**outside, **linked}}))
    for path in ("..%2F..%2Frun.json", "link"):
        assert (await ask("runs", exported.id, "artifacts", "onnx", "files", path))[0] == 404


async def test_a_file_of_another_size_is_refused(ask: Any, exported: RunFolder) -> None:
    (exported.path / "artifacts" / "onnx" / "onnx" / "model.onnx").write_bytes(MODEL[:-1])
    code, body, _ = await ask("runs", exported.id, "artifacts", "onnx", "files", "onnx/model.onnx")
    assert (code, body) == (422, {"error": "The file is not the one that was sealed."})
