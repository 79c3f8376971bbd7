"""An encrypted artefact is served from memory: nothing of it lies on the disk, nor its key anywhere."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import fmtools
from fmtools.api.serve import Served
from fmtools.core.errors import FmError
from fmtools.runtime import sealing
from fmtools.store import artifacts
from fmtools.store.runs import RunFolder
from support import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="files in memory alone are Linux's")


def _in_the_clear(roots: list[Path], model: Path) -> list[Path]:
    """Return the files that hold a part of the model, of its tokenizer, or a label."""
    parts = [(model / name).read_bytes()[4000:4064] for name in ("onnx/model.onnx", "tokenizer.json")] + [b"B-PER"]
    files = [path for root in roots for path in root.rglob("*") if path.is_file()]
    return [path for path in files if any(part in path.read_bytes() for part in parts)]


@pytest.mark.timeout(240)
def test_an_encrypted_model_is_served_from_memory_alone(
    make_run: Callable[..., RunFolder], store: Path, classifier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyrage")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    run = make_run(name="shop")

    def save(folder: Path) -> None:
        shutil.copytree(classifier, folder, dirs_exist_ok=True)

    artifacts.write(run.path, "onnx", save, {"run": run.record.id, "format": "onnx"}, lambda error: None)
    key, other = tmp_path / "shop.key", tmp_path / "other.key"
    with sealing.key_if(True, str(key)) as made:
        assert made is not None
        sealing.seal_artifact(run.path / "artifacts/onnx", made)
    other.write_text("not a key")
    other.chmod(0o600)
    with pytest.raises(FmError):
        fmtools.serve("shop/onnx", key_file=str(other))
    served = fmtools.serve("shop/onnx", name="safe", key_file=str(key))
    assert isinstance(served, Served)
    try:
        first = served.predict("a text")[0]
        state = served._folder.state
        os.kill(state["workers"][0]["pid"], signal.SIGKILL)  # the supervisor hands the memory on to the next one
        until(lambda: served._folder.state["restarts"] == 1)
        assert served.predict("a text")[0] == first
        line = key.read_text().strip().splitlines()[-1]
        assert (
            line not in subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
        )
        assert line.encode() not in Path(f"/proc/{state['pid']}/environ").read_bytes()
        assert fmtools.monitor("safe").to_json()["rows"] >= 1
        with pytest.raises(FmError, match="cannot take an encrypted model in"):
            fmtools.serve("shop/onnx", replace="safe")
    finally:
        served.stop()
    assert _in_the_clear([store, tmp_path / "tmp"], classifier) == []
    assert _in_the_clear([classifier], classifier) != []  # the search does find what it looks for
    again = fmtools.serve(restart="safe", key_file=str(key))
    assert isinstance(again, Served)
    assert again.predict("a text")[0] == first
    again.stop()
