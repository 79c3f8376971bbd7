"""Folders from strangers: nothing of the malicious set runs, nothing outside is opened, and what is good is taken."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import malicious
from fmtools.core.errors import ModelError
from fmtools.kit.stranger import check as stranger
from fmtools.stages import models

#: Those whose refusal needs no child process, and some that do.
QUICK = [name for name in malicious.SET if not name.startswith(("onnx-", "pads"))]
PARSED = ["onnx-absolute", "onnx-custom", "onnx-linked", "onnx-hard-linked", "onnx-linked-folder", "pads_without_end"]


@pytest.fixture
def traps(tmp_path: Path) -> malicious.Traps:
    return malicious.traps(tmp_path)


def test_a_good_folder_is_taken_and_checked_once(tmp_path: Path) -> None:
    folder = malicious.good(tmp_path / "good")
    assert models.resolve(str(folder)) == str(folder)
    began = time.perf_counter()
    stranger.check(folder)
    assert time.perf_counter() - began < 0.05
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match=r"tokenizer\.json is damaged"):
        stranger.check(folder)


def test_the_bombs_are_live(traps: malicious.Traps) -> None:
    """A control: what is refused below would have run."""
    import pickle

    for bomb in traps.bombs.values():
        pickle.loads(bomb)
        assert traps.ran.exists()
        traps.ran.unlink()


@pytest.mark.parametrize("name", [*QUICK, *PARSED])
def test_no_attack_gets_in(name: str, tmp_path: Path, traps: malicious.Traps) -> None:
    folder = malicious.good(tmp_path / "model")
    malicious.SET[name](folder, traps)
    with pytest.raises(ModelError) as caught:
        models.resolve(str(folder))
    assert not traps.ran.exists()
    assert caught.value.cure
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500 + 2 * len(str(tmp_path))


def test_no_onnx_file_gets_in(tmp_path: Path, traps: malicious.Traps) -> None:
    """All of them in one child process: each is refused, with a reason of its own, and none kills it."""
    from fmtools.kit.stranger.parse import Job, _asked
    from fmtools.kit.stranger.tree import File

    jobs = []
    for name in malicious.ONNX:
        malicious.write_onnx(name, malicious.good(tmp_path / "set" / name), traps)
        jobs.append(Job(File(f"{name}/onnx/model.onnx", tmp_path, 0, (0, 0, 0, 0)), "onnx", 0))
    answer, died = _asked(jobs, tmp_path / "set")
    assert not died
    assert [job.file.name for job in jobs if not answer[job.file.name]] == []
    assert not traps.ran.exists()


def test_every_route_refuses_and_opens_nothing_outside(tmp_path: Path, traps: malicious.Traps) -> None:
    """Through a folder and through the hub's cache, in a process whose every opened file strace notes."""
    if shutil.which("strace") is None and not os.environ.get("CI"):
        pytest.skip("needs strace")
    hub = tmp_path / "hub"
    folders, names = [], []
    for number, name in enumerate([*QUICK, *PARSED[:2]]):
        folders.append(str(malicious.good(tmp_path / "set" / str(number))))
        malicious.SET[name](Path(folders[-1]), traps)
        if name.startswith(("pickle-", "link_out")) and "/" not in name:
            names.append(_into_hub(Path(folders[-1]), hub, f"m{number}"))
    log = tmp_path / "strace.log"
    trace = ["strace", "-f", "-qq", "--seccomp-bpf", "-s", "4096", "-e", "trace=openat,open,execve", "-o", str(log)]
    env = {**os.environ, "HF_HOME": str(hub), "HF_HUB_CACHE": str(hub), "HF_HUB_OFFLINE": "1"}
    code = (
        "import json, sys\nfrom fmtools.stages import models\nfrom fmtools.core.errors import ModelError\ntaken = []\n"
        "for name in json.load(sys.stdin):\n    try:\n        models.resolve(name)\n        taken.append(name)\n"
        "    except ModelError as error:\n        assert 'cannot be used' in error.cause, error\nprint(json.dumps(taken))"
    )
    done = subprocess.run(
        [*trace, sys.executable, "-c", code], input=json.dumps(folders + names), capture_output=True, text=True, env=env,
        timeout=150, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "[]", done.stderr[-2000:]
    assert not traps.ran.exists()
    seen = log.read_text(errors="replace")
    assert f"{folders[0]}/config.json" in seen
    assert "fmtools.kit.stranger.child" in seen
    assert str(traps.secret) not in seen.replace(f'"{traps.secret}", O_PATH', "")
    assert "/dev/zero" not in seen
    assert "sh -c touch" not in seen


def _into_hub(folder: Path, hub: Path, name: str) -> str:
    """Give a folder the layout of the hub's cache: files are links to blobs."""
    repository = hub / f"models--evil--{name}"
    snapshot = repository / "snapshots" / ("0" * 40)
    for path in [p for p in folder.rglob("*") if p.is_file()]:
        blob, link = repository / "blobs" / path.name, snapshot / path.relative_to(folder)
        for parent in (blob.parent, link.parent):
            parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, blob, follow_symlinks=False)
        link.symlink_to(os.path.relpath(blob, link.parent))
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0" * 40)
    return f"evil/{name}"


def test_the_hubs_links_are_followed_to_its_blobs(tmp_path: Path) -> None:
    _into_hub(malicious.good(tmp_path / "good"), tmp_path / "hub", "fine")
    snapshot = tmp_path / "hub/models--evil--fine/snapshots" / ("0" * 40)
    assert stranger.check(snapshot) == snapshot


def test_a_training_refuses_before_there_is_a_run(store: Path, tmp_path: Path, traps: malicious.Traps) -> None:
    import fmtools

    folder = malicious.good(tmp_path / "model")
    malicious.SET["pickle-pytorch_model.bin"](folder, traps)
    with pytest.raises(ModelError, match="pytorch_model"):
        fmtools.train(model=str(folder), data=[{"text": f"a {n}", "label": "ab"[n % 2]} for n in range(40)])
    assert not list(store.glob("runs/*"))
    assert not traps.ran.exists()


def test_the_child_has_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fmtools.kit.stranger import parse as stranger_parse

    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("FMTOOLS_KEY", "secret")
    monkeypatch.syspath_prepend(str(tmp_path / "model"))
    given = stranger_parse._environment(tmp_path / "model")
    assert not {"HF_TOKEN", "FMTOOLS_KEY"} & set(given)
    assert str(tmp_path) not in given["PYTHONPATH"]


def test_what_a_trainer_leaves_does_no_harm(tmp_path: Path, traps: malicious.Traps) -> None:
    """Its pickles are not opened, so that one's own folders can be used."""
    folder = malicious.good(tmp_path / "model")
    (folder / "training_args.bin").write_bytes(traps.bombs[2])
    stranger.check(folder)
    assert not traps.ran.exists()


def test_a_sealed_copy_shows_every_flipped_byte(tmp_path: Path) -> None:
    from fmtools.store.files import seal

    folder = malicious.good(tmp_path / "model")
    seal(folder, {"name": "good"})
    stranger.check(folder)
    for name in ("model.safetensors", "onnx/model.onnx", "vocab.txt", "MANIFEST.json"):
        path = folder / name
        whole = path.read_bytes()
        for at in range(0, len(whole), 11):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            with pytest.raises(ModelError):
                stranger.check(folder)
        path.write_bytes(whole)
    stranger.check(folder)
