"""Disks that refuse: full ones, limits on files, folders one may not write to. One sentence, and nothing corrupt."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import fmtools
from fmtools.core.errors import StoreError
from fmtools.runtime import process
from fmtools.store.checkpoints import Checkpoints
from fmtools.store.files import fault_in
from samples import options_for, rows_for
from support import leftovers, records, rows, train

pytestmark = [pytest.mark.slow, pytest.mark.fault]
TESTS = Path(__file__).parents[1]
NAMESPACES = shutil.which("unshare") is not None and subprocess.run(["unshare", "-Urm", "true"]).returncode == 0
needs_namespaces = pytest.mark.skipif(not NAMESPACES, reason="this machine does not let us mount a small disk")


def limited(size: int) -> None:
    """Let the next worker write no file of more than `size` bytes."""
    process.ask({"verb": "hardware"})
    assert process._standby is not None
    resource.prlimit(process._standby.pid, resource.RLIMIT_FSIZE, (size, size))


def verified(run: fmtools.Run) -> list[int]:
    """Return the steps of the checkpoints, all of which must be whole."""
    steps = Checkpoints(run.path).steps()
    assert all(fault_in(run.path / "checkpoints" / str(step)) == "" for step in steps)
    return steps


def test_a_refused_checkpoint_does_not_end_the_training(tiny: Path, shared_store: Path) -> None:
    limited(6_000_000)  # the weights fit, the optimizer's state does not: here the whole vocabulary is trained
    run = fmtools.train("fill-mask", data=rows_for("fill-mask"), **options_for("fill-mask", tiny))
    assert run.status == "done"
    said = [r["text"] for r in records(run) if r["type"] == "notice" and r["level"] == "warning"]
    assert said
    assert all(text.startswith("Could not save a checkpoint") for text in said)
    assert all(text.endswith("The training goes on without it.") for text in said)
    assert all("unexpected pos" not in text and "Writer" not in text for text in said)
    assert verified(run) == []
    assert fault_in(run.path / "artifacts/model") == ""
    assert leftovers(run.path) == []


def test_a_model_that_cannot_be_saved_is_one_sentence(tiny: Path, shared_store: Path) -> None:
    limited(2_000_000)
    run = train(tiny)
    assert run.status == "failed"
    errors = [r for r in records(run) if r["type"] == "error"]
    assert len(errors) == 1
    assert errors[0]["cause"].startswith("Could not save the trained model")
    assert errors[0]["cure"]
    assert errors[0]["traceback"] == ""
    assert not (run.path / "artifacts/model").exists()
    assert run.artifacts == []
    assert leftovers(run.path) == []
    again = run.resume()
    assert (again.status, fault_in(again.path / "artifacts/model")) == ("done", "")


SCRIPT = """
import json, os, shutil, sys
sys.path[:0] = [{tests!r}]
from pathlib import Path
import support
from fmtools.core.errors import FmError
from fmtools.store.checkpoints import Checkpoints
from fmtools.store.files import fault_in

disk = Path({disk!r})
os.environ["FMTOOLS_HOME"], os.environ["XDG_CACHE_HOME"] = str(disk / "store"), {cache!r}
answer = {{}}
{body}
store = disk / "store"
answer["leftovers"] = support.leftovers(store)
answer["faults"] = [fault_in(p) for p in (*store.glob("runs/*/checkpoints/*"), *store.glob("runs/*/artifacts/*"),
                    *store.glob("datasets/*/*")) if not p.name.startswith(".")]
answer["runs"] = len(list(store.glob("runs/*")))
print(json.dumps(answer))
"""


def on_small_disk(size: str, body: str, tmp_path: Path, model: Path) -> dict[str, Any]:
    """Run `body` where the store lies on a disk of `size`, and return its `answer`."""
    disk = tmp_path / "disk"
    disk.mkdir()
    script = tmp_path / "script.py"
    body = textwrap.dedent(body).replace("MODEL", f"Path({str(model)!r})")
    script.write_text(SCRIPT.format(tests=str(TESTS), disk=str(disk), cache=str(tmp_path / "cache"), body=body))
    command = f"mount -t tmpfs -o size={size} none {disk} && exec {sys.executable} {script}"
    done = subprocess.run(["unshare", "-Urm", "sh", "-c", command], capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@needs_namespaces
def test_a_disk_that_fills_up_while_training(tiny: Path, tmp_path: Path) -> None:
    """There is room for one checkpoint, neither for the next one nor for the model; then there is room again."""
    answer = on_small_disk(
        "22m",
        """
        import fmtools, samples
        asked = {**samples.options_for("fill-mask", MODEL), "max_steps": None, "epochs": 3}
        run = fmtools.train("fill-mask", data=samples.rows_for("fill-mask"), **asked)
        answer["status"], answer["error"] = run.status, run.head.error
        answer["steps"] = Checkpoints(run.path).steps()
        answer["notices"] = [r["text"] for r in support.records(run) if r["type"] == "notice"]
        """,
        tmp_path,
        tiny,
    )
    assert answer["status"] in ("done", "failed")
    assert answer["steps"] != []
    assert any("Could not save a checkpoint" in text and "The disk is full" in text for text in answer["notices"])
    if answer["status"] == "failed":
        assert answer["error"].startswith("Could not save the trained model")
    assert (answer["leftovers"], set(answer["faults"])) == ([], {""})


@needs_namespaces
def test_a_disk_that_is_full_before_the_start(tiny: Path, tmp_path: Path) -> None:
    answer = on_small_disk(
        "1m",
        """
        (disk / "filler").write_bytes(b"x" * 1_000_000)
        with open(disk / "filler", "ab", 0) as file:
            try:
                while True:
                    file.write(b"x" * 512)
            except OSError:
                pass
        try:
            support.train(MODEL)
        except FmError as error:
            answer["kind"], answer["cause"], answer["cure"] = type(error).__name__, error.cause, error.cure
        """,
        tmp_path,
        tiny,
    )
    assert answer["kind"] == "StoreError"
    assert "full" in answer["cause"] + answer["cure"] or "no space" in answer["cause"]
    assert answer["cure"]
    assert (answer["leftovers"], answer["faults"], answer["runs"]) == ([], [], 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_a_store_one_may_not_write_to(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)  # nobody may look in, but not write
    code = f"""
        import errno, os
        os.environ["FMTOOLS_HOME"] = {str(home / "store")!r}
        from fmtools.core.errors import StoreError
        from fmtools.runtime import launch
        from fmtools.store.runs import home
        os.setuid(65534)  # after the imports: nobody may not read our Python
        try:
            launch.private_folder_checked(home())
        except StoreError as error:
            print(error.cause, "|", error.cure)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert done.stdout.startswith("Could not make the run store"), done.stderr
    assert "You may not write there" in done.stdout
    assert list(home.iterdir()) == []


def test_a_store_that_is_a_file(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("FMTOOLS_HOME", str(tmp_path / "file"))
    with pytest.raises(StoreError, match="Could not make the run store") as caught:
        fmtools.train(model=str(tiny), data=rows(30))
    assert caught.value.cure
