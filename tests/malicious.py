"""A set of model folders that attack whoever opens them, made anew by the tests: SET maps a name to what it does to a folder."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from malicious_onnx import ONNX, graph, write_onnx


@dataclass
class Traps:
    """`ran` appears when code runs; `secret` lies outside of every folder; `bombs` are pickles that make `ran`."""

    ran: Path
    secret: Path
    bombs: dict[int, bytes] = field(default_factory=dict)


class _Bomb:
    def __init__(self, ran: Path) -> None:
        self.ran = ran

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.ran}",)


def traps(root: Path) -> Traps:
    """Make the traps in a folder."""
    secret, ran = root / "secret.txt", root / "code-ran"
    secret.write_text("canary " * 4096)
    return Traps(ran, secret, {number: pickle.dumps(_Bomb(ran), number) for number in range(6)})


def safetensors(header: dict[str, Any] | bytes, data: bytes) -> bytes:
    """Return a safetensors file of a header, whatever it says, and data."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(shape: list[int], begin: int, end: int) -> dict[str, Any]:
    """Return a header's entry."""
    return {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}


def good(folder: Path) -> Path:
    """Make a folder that may be read: weights, a tokenizer, an ONNX file, settings."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    (folder / "onnx").mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "bert", "vocab_size": 3, "hidden_size": 2}')
    (folder / "model.safetensors").write_bytes(safetensors({"x": tensor([3, 2], 0, 24)}, bytes(24)))
    words = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1, "b": 2}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text('{"tokenizer_file": "/root/of/the/author/tokenizer.json"}')
    (folder / "vocab.txt").write_text("[UNK]\na\nb\n")
    (folder / "README.md").write_text("# a model\n")
    (folder / "modeling.py").write_text("raise SystemExit('python files are never run')")
    (folder / "onnx/model.onnx").write_bytes(graph().SerializeToString())
    return folder


Attack = Callable[[Path, Traps], Any]
SET: dict[str, Attack] = {}


def _attack(make: Attack) -> Attack:
    SET[make.__name__.strip("_")] = make
    return make


def _file(name: str, content: Callable[[Traps], bytes]) -> Attack:
    return lambda folder, traps: (folder / name).write_bytes(content(traps))


def _zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


def _tarred(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def _objects(traps: Traps) -> bytes:
    out = io.BytesIO()
    np.save(out, np.array([_Bomb(traps.ran)], object), allow_pickle=True)
    return out.getvalue()


_PICKLES = (
    "pytorch_model.bin", "more.bin", "x.pt", "x.pth", "x.pkl", "x.ckpt", "x.joblib", "x.dat", "noname", "model.safetensors",
    "config.json", "tokenizer.json", "vocab.txt", "chat_template.jinja", "onnx/model.onnx", "spiece.model", "1/deep.bin",
)  # fmt: skip
for _number, _name in enumerate(_PICKLES):

    def _pickle(folder: Path, traps: Traps, name: str = _name, number: int = _number) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(traps.bombs[number % 6])

    SET[f"pickle-{_name}"] = _pickle
for _kind, _made in {
    "legacy": lambda t: pickle.dumps(0x1950A86A20F9469CFC6C, 2) + t.bombs[2],
    "zip": lambda t: _zipped("archive/data.pkl", t.bombs[2]),
    "tar": lambda t: _tarred("../../slip.pkl", t.bombs[2]),
    "objects": _objects,
    "npz": lambda t: _zipped("x.npy", _objects(t)),
}.items():
    SET[f"{_kind}-weights"] = _file("weights.bin" if _kind != "objects" else "weights.npy", _made)
    SET[f"{_kind}-as-safetensors"] = _file("model.safetensors", _made)
_W = "model.safetensors"
_HEADERS: dict[str, tuple[Any, bytes]] = {
    "overlap": ({"x": tensor([3, 2], 0, 24), "y": tensor([6], 0, 24)}, bytes(24)),
    "gap": ({"x": tensor([3, 2], 0, 24), "y": tensor([1], 28, 32)}, bytes(32)),
    "beyond": ({"x": tensor([3, 2], 0, 24), "y": tensor([6], 24, 48)}, bytes(24)),
    "negative": ({"x": tensor([3, -2], 0, -24)}, bytes(24)),
    "huge-shape": ({"x": tensor([1 << 40, 1 << 40], 0, 24)}, bytes(24)),
    "trailing": ({"x": tensor([3, 2], 0, 24)}, bytes(24) + pickle.dumps({})),
    "wrong-kind": ({"x": {**tensor([3, 2], 0, 24), "dtype": "OBJ"}}, bytes(24)),
    "twice": (b'{"x":%s,"x":%s}' % ((json.dumps(tensor([3, 2], 0, 24)).encode(),) * 2), bytes(24)),
    "deep": (b'{"x":' + b"[" * 100_000, b""),
    "no-json": (b"{" + bytes(30), bytes(24)),
    "true-offset": ({"x": {"dtype": "U8", "shape": [True], "data_offsets": [0, 1]}}, bytes(1)),
}
for _kind, (_header, _data) in _HEADERS.items():
    SET[f"header-{_kind}"] = _file(_W, lambda _t, h=_header, d=_data: safetensors(h, d))  # type: ignore[misc]
SET["header-longer-than-allowed"] = _file(_W, lambda _t: struct.pack("<Q", (16 << 20) + 1) + bytes((16 << 20) + 9))
SET["header-claims-all"] = _file(_W, lambda _t: struct.pack("<Q", 2**63) + b"{}")


def _json(name: str, value: Any) -> Attack:
    return lambda folder, traps: (folder / name).write_text(
        json.dumps(value).replace("SECRET", str(traps.secret)).replace("NEAR", f"../{traps.secret.name}")
    )


SET |= {
    "index-leads-out": _json("model.safetensors.index.json", {"weight_map": {"x": "../other/model.safetensors"}}),
    "index-names-pickles": _json("model.safetensors.index.json", {"weight_map": {"x": "pytorch_model-1.bin"}}),
    "vocab-outside": _json("tokenizer_config.json", {"vocab_file": "SECRET"}),
    "vocab-near": _json("special_tokens_map.json", {"vocab_file": "NEAR"}),
    "vocab-argument": _json("tokenizer_config.json", {"init_inputs": ["SECRET"]}),
    "tokenizer-outside": _json("tokenizer_config.json", {"fast_tokenizer_files": ["../secret.txt"]}),
    "adapter": _json("adapter_config.json", {"base_model_name_or_path": "SECRET"}),
    "kernel": _json("config.json", {"vocab_size": 3, "text_config": {"_attn_implementation_internal": "evil/kernel"}}),
    "kernels": _json("config.json", {"attn_implementation": {"": "evil/kernel@main"}}),
    "classes": _json("modules.json", [{"idx": 0, "type": "os.system", "path": ""}]),
    "million-layers": _json("config.json", {"model_type": "bert", "num_hidden_layers": 10**12}),
    "other-sizes": _json("config.json", {"model_type": "bert", "vocab_size": 4_000_000}),
    "deep-json": _file("config.json", lambda _t: b'{"a":' * 200_000),
    "long-number": _file("config.json", lambda _t: b'{"vocab_size":' + b"9" * 5_000 + b"}"),
    "manifest-of-others": _json("MANIFEST.json", {"version": 1, "files": {"config.json": {"sha256": "0" * 64}}}),
    "tokenizer-cut": lambda folder, _t: (folder / "tokenizer.json").write_bytes(
        (folder / "tokenizer.json").read_bytes()[:-9]
    ),
}


@_attack
def pads_without_end(folder: Path, traps: Traps) -> None:
    words = json.loads((folder / "tokenizer.json").read_text())
    words["padding"] = {
        "strategy": {"Fixed": 1 << 33}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0,
        "pad_token": "[UNK]",
    }  # fmt: skip
    (folder / "tokenizer.json").write_text(json.dumps(words))


@_attack
def link_out(folder: Path, traps: Traps) -> None:
    (folder / "vocab.txt").unlink()
    (folder / "vocab.txt").symlink_to(traps.secret)


@_attack
def linked_folder(folder: Path, traps: Traps) -> None:
    (folder / "1_Pooling").symlink_to(traps.secret.parent)


@_attack
def hard_link(folder: Path, traps: Traps) -> None:
    (folder / "merges.txt").hardlink_to(traps.secret)


@_attack
def pipe(folder: Path, traps: Traps) -> None:
    os.mkfifo(folder / "added_tokens.json")


@_attack
def endless_device(folder: Path, traps: Traps) -> None:
    (folder / "generation_config.json").symlink_to("/dev/zero")


@_attack
def false_snapshot(folder: Path, traps: Traps) -> None:
    """A folder that looks like one of the hub's cache, whose blobs are a link out."""
    (folder / "snapshots").mkdir()
    (folder / "blobs").symlink_to(traps.secret.parent)
    (folder / "snapshots" / "generation_config.json").symlink_to("../blobs/secret.txt")


@_attack
def terabyte(folder: Path, traps: Traps) -> None:
    with (folder / "vocab.txt").open("wb") as file:
        file.truncate(1 << 40)


SET |= {f"onnx-{name}": lambda f, t, name=name: write_onnx(name, f, t) for name in ONNX}  # type: ignore[misc]
