"""What can run code when it is opened, told by name and by content: pickles in every disguise, archives, NumPy objects."""

from __future__ import annotations

import ast
import io
import pickle
import pickletools
import re
from fnmatch import fnmatch
from pathlib import Path

from .tree import Fault, File

#: Bytes that are looked at.
HEAD = 1 << 20
SAFE = "Convert the weights to safetensors first, on a machine where such a file may do harm, then remove it."
REMOVE = "Unpack it yourself, look at what is in it, and remove it."
#: What a Trainer of transformers leaves beside a model; no part of fmtools opens them.
LEFTOVERS = ("training_args.bin", "optimizer.pt", "scheduler.pt", "scaler.pt", "rng_state*.pth")
#: Names under which libraries look for pickles, whatever is in them.
NAMED = (
    "pytorch_model*.bin*", "adapter_model.bin", "*.pt", "*.pth", "*.pt2", "*.pkl", "*.pickle", "*.ckpt", "*.joblib", "*.dill",
    "*.h5", "*.hdf5", "*.keras", "*.mar", "*.nemo", "*.t7",
)  # fmt: skip
#: How files begin that hold other files, or objects.
ARCHIVES = {
    b"PK\x03\x04": "a zip archive", b"PK\x05\x06": "a zip archive", b"\x1f\x8b\x08": "a gzip archive", b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an xz archive", b"7z\xbc\xaf\x27\x1c": "a 7z archive", b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"\x04\x22\x4d\x18": "an lz4 archive", b"Rar!": "a rar archive", b"\x89HDF": "an HDF5 file",
}  # fmt: skip
#: Opcodes that call or import something.
_CALLS = {"GLOBAL", "STACK_GLOBAL", "REDUCE", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "BUILD", "EXT1", "EXT2", "EXT4"}


def check_no_code(file: File) -> None:
    """Raise Fault when a file could run code in whoever opens it. It is not opened as what it seems to be."""
    base = file.name.rpartition("/")[2].lower()
    if any(fnmatch(base, pattern) for pattern in LEFTOVERS):
        return
    if any(fnmatch(base, pattern) for pattern in NAMED):
        raise Fault(file.name, "is of a kind that can run code when it is opened (a pickle or the like)", SAFE)
    kind = kind_of(file.path)
    if kind:
        raise Fault(file.name, f"is {kind}", SAFE if "code" in kind else REMOVE)


def kind_of(path: Path) -> str:
    """Return what a file is, when it is a pickle, an archive or a NumPy array of objects; "" for anything else."""
    with path.open("rb") as source:
        head = source.read(HEAD)
    for magic, kind in ARCHIVES.items():
        if head.startswith(magic):
            return kind
    if head[257:262] == b"ustar":
        return "a tar archive"
    if head.startswith(b"\x93NUMPY"):
        return "a NumPy array of objects, which can run code" if _holds_objects(head) else ""
    return "a pickle, which can run code when it is opened" if _is_pickle(head) else ""


def _is_pickle(head: bytes) -> bool:
    """Say whether bytes are read as a pickle that calls something; protocols 0 and 1 look like text."""
    calls, source = False, io.BytesIO(head)
    try:
        for number, (code, _argument, _position) in enumerate(pickletools.genops(source)):
            if number == 1 and head[0] == 0x80 and head[1] <= pickle.HIGHEST_PROTOCOL:
                return True  # one that says its protocol; a second opcode tells it from chance
            calls = calls or code.name in _CALLS
            if code.name == "STOP":
                return calls
    except Exception:  # the parser meets arbitrary bytes; only at the end of what was read may a pickle go on
        return calls and len(head) == HEAD and source.tell() == HEAD
    return False


def _holds_objects(head: bytes) -> bool:
    wide = head[6:7] != b"\x01"
    size = int.from_bytes(head[8:12] if wide else head[8:10], "little")
    try:
        header = ast.literal_eval(head[12 if wide else 10 :][:size].decode("latin1").strip())
        return re.search(r"'[|<>=]?O\d*'", repr(header["descr"])) is not None
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError):
        return True  # a header that cannot be read is not trusted
