"""Parts of a bundle: names that every system takes, paths that stay at home, pins, and how many cores a container has."""

from __future__ import annotations

from importlib.metadata import distribution, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from fmtools.kit.bundles import facts, pins
from fmtools.kit.exporting import machine_paths as paths
from fmtools.serving import cores


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("My Run_3", "my-run-3"), ("3 days", "model-3-days"), ("情感", "model"), ("", "model"), ("a" * 80, "a" * 40),
        ("x" * 39 + " y", "x" * 39),
    ],
)  # fmt: skip
def test_a_name_becomes_one_that_every_system_takes(name: str, wanted: str) -> None:
    assert facts.slug(name) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("/home/ann/my data/reviews.csv", "reviews.csv"), ("~/models/own/", "own"), (r"C:\Users\ann\x.csv", "x.csv"),
        ("a of /home/ann/a.csv, /srv/b.csv", "a of a.csv, b.csv"), ("org/model", "org/model"), ("reviews@v2", "reviews@v2"),
        ("https://host.example/a/b.csv", "https://host.example/a/b.csv"), ("data/a.csv", "data/a.csv"),
    ],
)  # fmt: skip
def test_a_path_keeps_its_last_name(value: str, wanted: str) -> None:
    assert paths.bare(value) == wanted


def test_labels_that_look_like_paths_stay() -> None:
    card = {"labels": ["/help", "/start"], "encoder": {"_name_or_path": "/home/ann/bert", "vocab_file": "/x/vocab.txt"}}
    assert paths.cleaned(card) == {
        "labels": ["/help", "/start"],
        "encoder": {"_name_or_path": "bert", "vocab_file": "vocab.txt"},
    }


def test_requirements_are_whole_pinned_and_installed() -> None:
    lines = [Requirement(line) for line in pins.pinned("text-generation")]
    found = {canonicalize_name(line.name): str(line.specifier) for line in lines}
    assert "jinja2" in found
    assert "jinja2" not in {Requirement(line).name for line in pins.pinned("text-classification")}
    for name, pin in found.items():
        assert pin == f"=={version(name).partition('+')[0]}"
        asked = [Requirement(line) for line in distribution(name).requires or ()]
        needed = {canonicalize_name(one.name) for one in asked if not one.marker or one.marker.evaluate({"extra": ""})}
        assert needed - set(pins.UNUSED) <= set(found), name


@pytest.mark.parametrize(("said", "wanted"), [("150000 100000", 1.5), ("max 100000", None), ("", None), ("0 0", None)])
def test_a_container_has_the_processors_that_it_is_given(
    said: str, wanted: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpu.max").write_text(said)
    monkeypatch.setattr(cores, "_V2", tmp_path / "cpu.max")
    assert cores.share() == wanted
    monkeypatch.setattr(cores.os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert cores.cores() == (2 if wanted else 64)


def test_an_older_control_group_is_read_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "_V2", tmp_path / "none")
    monkeypatch.setattr(cores, "_V1", (tmp_path / "quota", tmp_path / "period"))
    assert cores.share() is None
    (tmp_path / "period").write_text("100000\n")
    for quota, wanted in (("-1", None), ("250000", 2.5)):
        (tmp_path / "quota").write_text(quota)
        assert cores.share() == wanted


def test_a_model_of_tensors_is_asked_with_some_that_it_takes(tmp_path: Path) -> None:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper

    from fmtools.kit.bundles import asking
    from fmtools.kit.onnx import run as onnx_run

    axes = {"ids": ["batch", "length"], "past": ["batch", "heads", "past", "width"]}
    kinds, shapes = (TensorProto.INT64, TensorProto.FLOAT), (["b", "n"], ["b", 2, "p", 4])
    taken = [helper.make_tensor_value_info(*one) for one in zip(axes, kinds, shapes, strict=True)]
    given = [helper.make_tensor_value_info(f"{one}_out", kind, None) for one, kind in zip(axes, kinds, strict=True)]
    nodes = [helper.make_node("Identity", [one], [f"{one}_out"]) for one in axes]
    graph = helper.make_graph(nodes, "two", taken, given)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), tmp_path / "m.onnx")
    card = {"task": "custom", "inputs": axes, "files": {"model": "m.onnx"}}
    path, body = asking.request(card, "own", tmp_path)
    assert path == "/v2/models/own/infer"
    types = {"INT64": np.int64, "FP32": np.float32}
    feed = {one["name"]: np.array(one["data"], types[one["datatype"]]).reshape(one["shape"]) for one in body["inputs"]}
    answer = onnx_run.session(tmp_path / "m.onnx").run(None, feed)
    assert [values.shape for values in answer] == [(1, 4), (1, 2, 1, 4)]


def test_memory_grows_with_files_and_with_scores_of_every_word(tmp_path: Path) -> None:
    assert facts.memory(5 << 20) == (192, 512)
    assert facts.memory(311 << 20)[0] > 479  # MiB that its server held
    (tmp_path / "config.json").write_text('{"vocab_size": 30522}')
    scores = facts._scores({"task": "fill-mask"}, tmp_path)
    assert facts.memory(5 << 20, scores)[0] > 389
    assert facts._scores({"task": "text-classification"}, tmp_path) == 0
