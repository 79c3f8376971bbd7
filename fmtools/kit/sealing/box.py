"""A folder in one encrypted file (age), and back into memory; nothing in the clear touches the disk.

age (pyrage) rather than a format of our own over AES: its files have a specification and other programs that open them, so
that an artefact outlives fmtools; ChaCha20-Poly1305 over parts of 64 kB, each bound to its place, makes a flipped byte and a
cut visible; and it is streamed. What the file is (kind, name, run, version) stands inside, under the same seal: a file in
another's place is noticed. `store.sealed_ledger` notices an older one.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Literal

from ...core.errors import DataError, FmError, OptionError
from .keys import Key
from .tar import TarStream, plain_files, unpacked

#: How an age file begins, and how ours are called.
MAGIC, ENDING = b"age-encryption.org/v1\n", ".age"
Kind = Literal["artifact", "dataset", "files"]


@dataclass(frozen=True)
class Label:
    """What an encrypted file is. `run`: the run's id, "" for none; `version` grows with every sealing of that name."""

    kind: Kind
    name: str
    run: str = ""
    version: int = 0

    @property
    def key(self) -> str:
        """What its versions are counted under."""
        return f"{self.kind}/{self.run or '-'}/{self.name}"

    @property
    def sealed(self) -> str:
        """When it was encrypted, as people read it: versions are milliseconds."""
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.version / 1000))


@dataclass(frozen=True)
class Box:
    """What was written: bytes on the disk, number of files inside, sha256 of the encrypted bytes."""

    size: int
    files: int
    sha256: str


@dataclass(frozen=True)
class Opened:
    """What was read: the label, the files by name, sha256 of the encrypted bytes."""

    label: Label
    files: dict[str, bytes]
    sha256: str


def check() -> None:
    """Raise OptionError, with the line that installs it, when age is not there."""
    try:
        import pyrage  # noqa: F401
    except ImportError:
        raise OptionError("Encryption needs the package pyrage.", "pip install pyrage") from None


def seal(source: Path | Mapping[str, bytes], target: Path, key: Key, label: Label) -> Box:
    """Encrypt a folder, or files in memory, to the new file `target`: whole or not at all, 0600.

    Raises DataError for a folder with links or without files, OSError when the disk refuses.
    """
    check()
    files = plain_files(source) if isinstance(source, Path) else dict(source)
    if not files:
        raise DataError(f"{source if isinstance(source, Path) else label.name} holds no files.", "Name another folder.")
    stage = target.with_name(f".tmp-{os.getpid()}-{uuid.uuid4().hex}")
    try:
        with os.fdopen(os.open(stage, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            _encrypt(TarStream(asdict(label), files), file, key)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.replace(stage, target)
    finally:
        stage.unlink(missing_ok=True)
    return Box(target.stat().st_size, len(files), digest)


def _encrypt(stream: TarStream, file: IO[bytes], key: Key) -> None:
    import pyrage

    if key.identity is None:  # the library streams to keys only
        file.write(pyrage.passphrase.encrypt(stream.read(), key.passphrase))
    else:
        pyrage.encrypt_io(stream, file, [key.identity.to_public()])


def is_box(path: Path) -> bool:
    """Say whether a file begins as an encrypted one."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def open_box(source: Path | bytes, key: Key) -> Opened:
    """Decrypt a file into memory. Raises DataError for another key, and for a file that was changed or cut."""
    check()
    name = source.name if isinstance(source, Path) else "The file"
    data = source.read_bytes() if isinstance(source, Path) else source
    if not data.startswith(MAGIC):
        raise DataError(f"{name} is no encrypted file, or its beginning was changed.", "Name a file that ends in .age.")
    try:
        label, files = unpacked(_decrypted(data, key))
        return Opened(_label(label), files, hashlib.sha256(data).hexdigest())
    except FmError:
        raise
    except (ValueError, KeyError, TypeError, tarfile.TarError):
        raise DataError(f"{name} opens, but was not made by fmtools.", "Use `age --decrypt` instead.") from None


def _decrypted(data: bytes, key: Key) -> bytes:
    import pyrage

    out = io.BytesIO()
    try:
        if key.identity is None:
            return bytes(pyrage.passphrase.decrypt(data, key.passphrase))
        pyrage.decrypt_io(io.BytesIO(data), out, [key.identity])
    except Exception:  # DecryptError for headers, OSError for the parts behind them: nothing of it is to be shown
        raise DataError(
            "The encrypted file does not open with this key, or it was changed.",
            "Use the key that it was encrypted with, or a copy of the file that is whole.",
        ) from None
    return out.getvalue()


def _label(values: dict[str, Any]) -> Label:
    label = Label(values["kind"], str(values["name"]), str(values["run"]), int(values["version"]))
    if label.kind not in ("artifact", "dataset", "files"):
        raise ValueError("unknown kind")
    return label


def check_label(label: Label, name: str, run: str | None = None) -> None:
    """Raise DataError when a file that opened is another one than was asked for."""
    if label.name != name or (run is not None and label.run != run):
        raise DataError(
            f"The file is called {name!r}, but what was encrypted in it is {label.name!r}: it was renamed or swapped.",
            f"If you renamed it, call it {label.name}{ENDING} again.",
        )
