"""From a model's name to its folder: catalogue, folders, and names of a hub that cannot be reached."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import pytest

from fmtools.core.errors import ModelError, OptionError
from fmtools.kit.models.choosing import Wish
from fmtools.stages import models


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model folder whose weights are one tensor of three numbers."""
    header = b'{"__metadata__":{"format":"pt"},"x":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}'
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(12))
    return tmp_path


def test_the_catalogue_says_what_it_knows() -> None:
    cards = {place.card.name: place.card for place in models.catalogue()}
    assert cards["minilm"].parameters > 22_000_000
    assert cards["minilm"].licence
    with pytest.raises(OptionError, match="Did you mean token-classification"):
        models.catalogue(Wish("token-clasification"))


def test_a_folder_is_taken_as_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert models.resolve(str(folder)) == str(folder)
    monkeypatch.chdir(folder.parent)
    assert models.resolve(folder.name) == str(folder)


def test_weights_cut_at_every_byte_are_refused(folder: Path) -> None:
    """A file that safetensors refuses is refused here, before a run is made; the whole file is taken by both."""
    from safetensors import SafetensorError, safe_open

    weights = folder / "model.safetensors"
    data = weights.read_bytes()
    for size in (*range(len(data)), len(data) + 1):
        weights.write_bytes((data + b"x")[:size])
        with pytest.raises((SafetensorError, OSError)), safe_open(weights, "np") as file:
            file.keys()
        with pytest.raises(ModelError, match=r"model\.safetensors is damaged"):
            models.resolve(str(folder))
    weights.write_bytes(data)
    with safe_open(weights, "np") as file:
        assert list(file.keys()) == ["x"]
    assert models.resolve(str(folder)) == str(folder)


def test_what_is_missing_is_named(folder: Path) -> None:
    (folder / "config.json").rename(folder / "other.json")
    with pytest.raises(ModelError, match=r"has no config\.json"):
        models.resolve(str(folder))
    with pytest.raises(ModelError, match="no model folder"):
        models.resolve(str(folder / "nothing"))


def test_a_hub_that_cannot_be_reached_is_said(tmp_path: Path) -> None:
    """A Python of its own, offline from the start: the hub's library reads its settings once."""
    import subprocess
    import sys

    code = "from fmtools.stages import models\nfrom fmtools.core.errors import ModelError\ntry:\n    models.resolve('no/such')\nexcept ModelError as e:\n    print(e)"
    env = {"PATH": "/usr/bin:/bin", "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=60)
    assert done.stdout.startswith("The model 'no/such' is neither cached here nor to be had from the hub"), done.stderr
    assert done.stdout.count("\n") == 1


def test_pickles_are_never_an_answer(folder: Path) -> None:
    shutil.move(folder / "model.safetensors", folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="has no weights") as caught:
        models.resolve(str(folder))
    assert "pickles can run code" in caught.value.cure
