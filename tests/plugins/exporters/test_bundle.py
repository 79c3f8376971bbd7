"""A bundle of a run: its manifests are what their readers take, and its server answers from a place of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import jsonschema
import pytest

import fmtools
import manifests
import support
from fmtools.core.errors import FmError
from fmtools.stages import export as stage
from fmtools.stages import wrap
from fmtools.store.files import fault_in
from fmtools.store.runs import home

TOKEN = "a-token-of-the-test"
TEXTS = ["good day and great film", "who and which train"]
KUBERNETES = ("autoscaler", "deployment", "disruption", "service")


@pytest.fixture(scope="module")
def run(shared_store: Path, tiny: Path) -> fmtools.Run:
    return support.train(tiny, data=_file(shared_store), text_column="text", label_column="label", inline=True)


def _file(place: Path) -> str:
    """Write rows where the folder tells who somebody is."""
    path = place.parent / "home of ann" / "reviews.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(json.dumps(row) for row in support.rows(96)), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def bundle(run: fmtools.Run, tiny: Path) -> Path:
    record = run._folder.record.model_dump(mode="json")
    training = {"name": run.name, "model": str(tiny), "licence": ""}
    return Path(stage.export(record, str(run.path), str(home()), "bundle", "bundle", 6, None, training)["path"])


@pytest.fixture
def moved(bundle: Path, tmp_path: Path) -> Path:
    """The bundle in another place."""
    target = tmp_path / "else where"
    shutil.copytree(bundle, target)
    return target


def test_a_bundle_is_sealed_and_names_nothing_of_the_machine(bundle: Path, shared_store: Path, tiny: Path) -> None:
    assert fault_in(bundle) == ""
    names = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    assert {"run.py", "Dockerfile", ".dockerignore", "compose.yaml", "README.md", "README.zh-CN.md"} <= names
    assert {"serving/worker.py", "model/onnx/model.onnx", "model/tokenizer.json", "serving/LICENSE"} <= names
    assert not any(name.endswith((".pyc", ".safetensors")) for name in names)
    telling = [str(shared_store.parent), str(tiny.parent), str(Path.home()), sys.prefix, "home of ann", TOKEN]
    for path in bundle.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not [word for word in telling if len(word) > 4 and word.encode() in content], path.name


@pytest.mark.parametrize("name", KUBERNETES)
def test_kubernetes_takes_the_manifests(name: str, bundle: Path) -> None:
    manifest = manifests.load(bundle / f"kubernetes/{name}.yaml")
    manifests.kubernetes(manifest)
    manifest["spec"]["replica"] = 2
    with pytest.raises(jsonschema.ValidationError, match="replica"):
        manifests.kubernetes(manifest)


def test_a_copy_has_probes_limits_no_rights_and_time_to_end(bundle: Path) -> None:
    pod = manifests.load(bundle / "kubernetes/deployment.yaml")["spec"]["template"]["spec"]
    (copy,) = pod["containers"]
    assert [copy[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")] == [
        "/readyz", "/readyz", "/healthz",
    ]  # fmt: skip
    assert pod["securityContext"]["runAsNonRoot"]
    assert copy["securityContext"]["readOnlyRootFilesystem"]
    assert set(copy["resources"]) == {"requests", "limits"}
    drain = 5 + 30  # preStop, Settings.drain
    assert pod["terminationGracePeriodSeconds"] > drain
    for path in (bundle / "kubernetes").glob("*.yaml"):
        assert manifests.load(path)["kind"] != "Secret"


def test_compose_and_kserve_take_theirs(bundle: Path) -> None:
    compose = manifests.load(bundle / "compose.yaml")
    manifests.compose(compose)
    assert ":?" in compose["services"]["model"]["environment"]["FMTOOLS_SERVE_TOKEN"]
    compose["services"]["model"]["readonly"] = True
    with pytest.raises(jsonschema.ValidationError, match="readonly"):
        manifests.compose(compose)
    served = manifests.load(bundle / "kserve/inferenceservice.yaml")
    manifests.kserve(served)
    for wrong in ({"maxReplica": 3}, {"minReplicas": "1"}):
        with pytest.raises(jsonschema.ValidationError):
            manifests.kserve({**served, "spec": {"predictor": {**served["spec"]["predictor"], **wrong}}})


def test_the_image_is_built_without_fault_and_without_root(bundle: Path) -> None:
    text = (bundle / "Dockerfile").read_text()
    assert manifests.hadolint(text) == []
    assert manifests.hadolint(text.replace("-slim AS", " AS").replace(" --no-cache-dir", "")) != []
    users = [line.split()[1] for line in text.splitlines() if line.startswith("USER ")]
    assert users == ["10001:10001"]
    copied = {line.split()[1] for line in text.splitlines() if line.startswith("COPY ") and "--from" not in line}
    kept = {line[1:] for line in (bundle / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == kept


@contextlib.contextmanager
def started(folder: Path, python: str, *words: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """Start a bundle's server from another working directory, with nothing in the environment but the token."""
    command = [python, str(folder / "run.py"), "--port", "0", *words]
    environment = {"FMTOOLS_SERVE_TOKEN": TOKEN, "PATH": os.defpath}
    process = subprocess.Popen(command, cwd="/", env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        said = json.loads(process.stdout.readline())
        assert set(said) == {"url", "pid"}  # not the token: it goes to a log
        heads = {"Authorization": f"Bearer {TOKEN}"}
        with httpx.Client(base_url=said["url"], headers=heads, timeout=30, trust_env=False) as http:
            yield process, http
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(40)
        if process.stdout:
            process.stdout.close()


def answers_like(run: fmtools.Run, http: httpx.Client) -> None:
    """Compare what the server answers with what the run predicts."""
    own = run.predict(TEXTS)
    theirs = http.post("/predict", json={"text": TEXTS}).json()["predictions"]
    assert [one["label"] for one in theirs] == [one["label"] for one in own]
    assert [one["score"] for one in theirs] == pytest.approx([one["score"] for one in own], abs=1e-4)
    assert http.post("/predict", json={"text": TEXTS}, headers={"Authorization": "Bearer other"}).status_code == 401
    assert httpx.post(f"{http.base_url}/predict", json={"text": TEXTS}, trust_env=False).status_code == 401


def test_a_moved_bundle_answers_under_load_and_drains(run: fmtools.Run, moved: Path) -> None:
    with started(moved, sys.executable, "--host", "0.0.0.0") as (process, http):
        answers_like(run, http)
        assert http.get(f"/v2/models/{_slug(moved)}/ready").json()["ready"]
        assert _load(moved, str(http.base_url)) == {"200"}
        with _half_asked(http) as rest:
            process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            assert b" 200 " in rest().partition(b"\r\n")[0]
        assert process.wait(40) == 0


def _slug(folder: Path) -> str:
    return str(manifests.load(folder / "kubernetes/service.yaml")["metadata"]["name"])


def _load(folder: Path, url: str) -> set[str]:
    """Run the bundle's own load test; return the statuses it got."""
    command = [sys.executable, str(folder / "load_test.py"), url, "--rate", "40", "--seconds", "0.5"]
    done = subprocess.run(command, env={"FMTOOLS_SERVE_TOKEN": TOKEN}, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    assert said["requests"] == 20
    return set(said["statuses"])


@contextlib.contextmanager
def _half_asked(http: httpx.Client) -> Iterator[Callable[[], bytes]]:
    """Send a request but for the end of its body; what is given sends that and returns the answer."""
    body = json.dumps({"text": TEXTS[0]}).encode()
    head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", http.base_url.port or 0), 30) as connection:
        connection.sendall(head.encode() + body[:-1])
        time.sleep(0.3)

        def rest() -> bytes:
            connection.sendall(body[-1:])
            return connection.recv(65536)

        yield rest


@pytest.mark.parametrize(
    ("words", "token", "said"),
    [
        (["--host", "0.0.0.0"], None, "Others reach 0.0.0.0: give a token"),
        ([], "", "The token is empty"),
        (["--token-file", "/nonexistent/token"], None, "token's file cannot be read"),
    ],
)
def test_it_does_not_start_where_a_token_was_forgotten(
    words: list[str], token: str | None, said: str, moved: Path
) -> None:
    environment = {} if token is None else {"FMTOOLS_SERVE_TOKEN": token}
    command = [sys.executable, str(moved / "run.py"), *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_its_requirements_are_all_it_needs(run: fmtools.Run, moved: Path, tmp_path: Path) -> None:
    python = tmp_path / "clean/bin/python"
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "clean")], check=True)
    told = subprocess.run([python, str(moved / "run.py")], env={}, capture_output=True, text=True, check=False)
    assert "Missing: fastapi" in told.stderr
    install = [python, "-m", "pip", "install", "-q", "--no-deps", "-r", str(moved / "requirements.txt")]
    subprocess.run(install, check=True)
    known = subprocess.run([python, "-m", "pip", "list"], capture_output=True, text=True, check=True).stdout
    assert "torch" not in known
    assert "fmtools" not in known
    with started(moved, str(python)) as (process, http):
        answers_like(run, http)
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0


def test_an_artefact_is_bundled_as_it_is(run: fmtools.Run) -> None:
    record = run._folder.record.model_dump(mode="json")
    made = stage.export(record, str(run.path), str(home()), "onnx", "small", 6, None, {})
    source = Path(made["path"])
    card = wrap.wrap(str(source), str(run.path), "bundle", "bundle-small", {"model": "tiny"})
    folder = Path(card["path"])
    assert fault_in(folder) == ""
    assert (folder / "model/onnx/model.onnx").read_bytes() == (source / "onnx/model.onnx").read_bytes()
    assert card["max_abs_diff"] == made["max_abs_diff"]
    assert json.loads((folder / "model/fmtools.json").read_text())["files"] == {"model": "onnx/model.onnx"}
    (source / "onnx/model.onnx").write_bytes(b"changed")
    with pytest.raises(FmError, match="damaged"):
        wrap.wrap(str(source), str(run.path), "bundle", "bundle-other", {})
    assert not (run.path / "artifacts/bundle-other").exists()


def test_what_cannot_be_bundled_is_said(run: fmtools.Run) -> None:
    with pytest.raises(FmError, match="is written from a run"):
        fmtools.export(f"{run.id}/onnx", to="triton")
    with pytest.raises(FmError, match="was compared with the original"):
        fmtools.export(f"{run.id}/onnx", to="bundle", rows=5)
    with pytest.raises(FmError, match="has no 'nothing'"):
        fmtools.export(f"{run.id}/nothing", to="bundle")
