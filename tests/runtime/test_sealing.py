"""`%fm_protect --encrypt` and `--decrypt`: what they take, what they refuse, and that neither key nor plaintext gets out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fmtools
import malicious
from fmtools.core.errors import DataError, OptionError
from fmtools.kit.sealing import keys as sealed_keys
from fmtools.runtime import sealing
from support import rows

CANARY = "PLAINTEXT-CANARY-4711"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model's folder with a canary in it; the working directory is beside it."""
    made = malicious.good(tmp_path / "work" / "shop")
    (made / "notes.txt").write_text(CANARY * 100)
    monkeypatch.chdir(made.parent)
    return made


def test_a_folder_goes_and_comes_back(store: Path, folder: Path) -> None:
    done = fmtools.protect("shop", encrypt=True, key_file="../k.key")
    assert done.path == folder.parent / "shop.age"
    assert "still there in the clear" in done.text()
    whole = {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    shutil.rmtree(folder)
    back = fmtools.protect("shop.age", decrypt=True, key_file="../k.key")
    assert back.path == folder
    assert {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()} == whole
    assert "in the clear" in back.text()
    with pytest.raises(OptionError, match="something at"):
        fmtools.protect("shop.age", decrypt=True, key_file="../k.key")


def test_kept_data_come_back_into_the_store(store: Path, folder: Path) -> None:
    from fmtools.store import versions

    def kept() -> dict[str, list[dict[str, str]]]:
        splits = versions.load(versions.resolve("texts@v1", store)).splits
        return {name: table.to_pylist() for name, table in splits.items()}

    fmtools.load_data(rows(30), name="texts")
    before = kept()
    fmtools.protect("texts", encrypt=True, key_file="../k.key")
    shutil.rmtree(store / "datasets")
    back = fmtools.protect("texts.age", decrypt=True, key_file="../k.key")
    assert back.version == "texts@v1"
    assert kept() == before


def test_swapped_and_rolled_back_files_are_refused(store: Path, folder: Path) -> None:
    shutil.copytree(folder, "bank")
    for name in ("shop", "bank"):
        fmtools.protect(name, encrypt=True, key_file="../k.key")
    old = Path("shop.age").read_bytes()
    fmtools.protect("shop", encrypt=True, key_file="../k.key")
    new = Path("shop.age").read_bytes()
    for data, match in ((old, "older version"), (Path("bank.age").read_bytes(), "renamed or swapped")):
        Path("shop.age").write_bytes(data)
        with pytest.raises(DataError, match=match):
            fmtools.protect("shop.age", decrypt=True, key_file="../k.key", to="out")
    Path("shop.age").write_bytes(new)
    assert sealing.opened(Path("shop.age"), "../k.key").files["notes.txt"] == (CANARY * 100).encode()
    assert not Path("out").exists()


def test_an_artefact_is_encrypted_in_its_place(store: Path, folder: Path) -> None:
    from fmtools.store.files import seal

    paths = [store / "runs" / run / "artifacts" / "onnx" for run in ("01A", "01B")]
    for path in paths:
        shutil.copytree(folder, path)
        (path / "fmtools.json").write_text('{"schema": 1, "format": "onnx", "labels": ["SECRET-LABEL"], "task": "t"}')
        seal(path, {})
        with sealing.key_if(True, "../k.key") as key:
            assert key is not None
            sealing.seal_artifact(path, key)
        assert {p.name for p in path.iterdir()} == {"sealed.age", "fmtools.json", "MANIFEST.json"}
        assert "SECRET-LABEL" not in (path / "fmtools.json").read_text()
    assert sealing.is_sealed(paths[0])
    found = sealing.opened(paths[0], "../k.key")
    assert found.files["notes.txt"] == (CANARY * 100).encode()
    shutil.copy(paths[1] / "sealed.age", paths[0] / "sealed.age")
    with pytest.raises(DataError, match="swapped"):
        sealing.opened(paths[0], "../k.key")


def test_a_failure_leaves_no_key_and_no_file(store: Path, folder: Path) -> None:
    (folder / "link").symlink_to("config.json")
    with pytest.raises(DataError, match="link"):
        fmtools.protect("shop", encrypt=True, key_file="../k.key")
    assert sorted(os.listdir()) == ["shop"]
    assert not Path("../k.key").exists()
    for place in (store / "k.key", folder / "k.key"):
        with pytest.raises(OptionError, match="must not lie"):
            fmtools.protect("shop", encrypt=True, key_file=str(place))


def test_a_key_in_the_line_is_refused_unquoted(folder: Path) -> None:
    sealed_keys.of_file(Path("k.key"), make=True)
    secret = Path("k.key").read_text().strip()
    with pytest.raises(OptionError, match="not the key itself") as caught:
        fmtools.protect("shop", encrypt=True, key_file=secret)
    assert secret not in str(caught.value)


def test_nobody_to_type_is_one_sentence(store: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FMTOOLS_KEY", raising=False)
    done = subprocess.run(
        [sys.executable, "-m", "fmtools", "protect", "shop", "--encrypt"], stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=60, start_new_session=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "There is no key, and nobody to type a passphrase" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(shutil.which("strace") is None and not os.environ.get("CI"), reason="needs strace")
def test_opening_writes_no_plaintext_and_no_key(store: Path, folder: Path, tmp_path: Path) -> None:
    """Under strace: of all that is written, to files and to streams, nothing holds the canary or the key."""
    sealed_keys.of_file(tmp_path / "k.log", make=True)
    key = (tmp_path / "k.log").read_text().strip()
    env = {**os.environ, "FMTOOLS_KEY": key, "TMPDIR": str(tmp_path / "tmp")}
    (tmp_path / "tmp").mkdir()
    code = (
        "from pathlib import Path\nfrom fmtools.runtime import sealing\n"
        "files = sealing.opened(Path('shop.age'), None).files\nprint(len(files['notes.txt']), files['notes.txt'][:5] == b'PLAIN')"
    )
    calls = "trace=openat,open,creat,write,pwrite64,writev,sendto,execve"
    trace = ["strace", "-f", "-qq", "--seccomp-bpf", "-s", "65536", "-e", calls, "-o"]
    fmt = {"capture_output": True, "text": True, "env": env, "timeout": 120, "check": False}
    seal = [sys.executable, "-m", "fmtools", "protect", "shop", "--encrypt", "--json"]
    done = subprocess.run([*trace, str(tmp_path / "seal.log"), *seal], **fmt)  # type: ignore[call-overload]
    assert json.loads(done.stdout.splitlines()[-1])["key"] == "FMTOOLS_KEY", done.stderr
    shutil.rmtree(folder)
    opened = subprocess.run([*trace, str(tmp_path / "open.log"), sys.executable, "-c", code], **fmt)  # type: ignore[call-overload]
    assert opened.stdout.split() == [str(len(CANARY) * 100), "True"], opened.stderr
    for name in ("seal.log", "open.log"):
        log = (tmp_path / name).read_text(errors="replace")
        assert "shop.age" in log
        assert CANARY not in log
        assert key not in log
    for made in (done, opened):
        assert key not in made.stdout + made.stderr
        assert CANARY not in made.stdout + made.stderr
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".log"]
    assert not [path for path in left if CANARY.encode() in path.read_bytes() or key.encode() in path.read_bytes()]
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_an_export_leaves_encrypted_and_opens_in_memory(store: Path, folder: Path, tiny: Path) -> None:
    import onnxruntime

    import support

    run = support.train(tiny, epochs=1)
    done = fmtools.export(run.id, "onnx", encrypt=True, key_file="../k.key")
    assert {path.name for path in done.path.iterdir()} == {"sealed.age", "fmtools.json", "MANIFEST.json"}
    assert done.size == (done.path / "sealed.age").stat().st_size
    files = sealing.opened(done.path, "../k.key").files
    session = onnxruntime.InferenceSession(files["onnx/model.onnx"])
    assert {"input_ids", "attention_mask"} <= {wanted.name for wanted in session.get_inputs()}
    assert json.loads(files["fmtools.json"])["labels"] == ["angry", "asking", "glad"]
    assert not support.leftovers(store)


@pytest.mark.slow
def test_a_passphrase_typed_in_a_cell_stays_out_of_everything(store: Path, folder: Path) -> None:
    """In a real kernel: it is asked for unseen, and is in no output, no history, no variable and no file of the store."""
    from jupyter_client.manager import KernelManager

    secret, messages = "typed-CANARY-secret", []
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env={**os.environ, "FMTOOLS_HOME": str(store), "FMTOOLS_KEY": ""}, cwd=str(folder.parent))
    client = manager.blocking_client()
    try:
        client.start_channels()
        client.wait_for_ready(60)
        asked = []

        def answer(message: dict[str, dict[str, object]]) -> None:
            asked.append(message["content"])
            client.input(secret)

        for cell in ("%load_ext fmtools", "%fm_protect shop --encrypt", "%hist -n", "print(globals())"):
            client.execute_interactive(
                cell,
                timeout=60,
                allow_stdin=True,
                stdin_hook=answer,
                output_hook=lambda m: messages.append(m["content"]),
            )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert [question["password"] for question in asked] == [True, True]
    assert "shop.age" in str(messages)
    assert secret not in str(messages)
    assert not [p for p in store.rglob("*") if p.is_file() and secret.encode() in p.read_bytes()]
    found = subprocess.run(
        [sys.executable, "-m", "fmtools", "protect", "shop.age", "--decrypt", "--to", "out"], capture_output=True, text=True,
        env={**os.environ, "FMTOOLS_KEY": secret}, timeout=60, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
