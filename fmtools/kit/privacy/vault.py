"""What was taken out of a text, encrypted: with the key it comes back, without it nothing does.

The key is 32 random bytes in a file of the user's; the store never sees it. A vault is a stream of AES-256-GCM parts. Its own
key is derived from the user's and a random salt, so that no nonce comes twice; each part is bound to the vault's id, to its
number and to being the last: parts that are changed, swapped, cut off or taken from another vault do not open.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import os
import secrets
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from ...core.errors import DataError, OptionError, from_os_error

MAGIC, MARK = b"fmtools vault 1\n", "fmtools-key-1:"
SALT, LENGTH = 32, 4
#: Bytes of JSON lines in one part.
PART = 1 << 20


def new_key(path: Path) -> bytes:
    """Write a new key to a file that only its owner can read, and return it. Raises OptionError when the file exists."""
    key = secrets.token_bytes(32)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(f"{MARK}{base64.b64encode(key).decode()}\n".encode())
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise OptionError(f"{path} is there already.", "Name another file for the key.") from None
    except OSError as error:
        raise from_os_error(error, "write the key") from None
    return key


def read_key(path: Path) -> bytes:
    """Return the key in a file. Raises OptionError, without a word of what is in it, when it is none."""
    try:
        text = path.read_bytes()[:200].decode("ascii", "replace").strip()
    except OSError as error:
        raise OptionError(
            f"The key file {path} cannot be read ({(error.strerror or str(error)).lower()}).", "Check its name."
        ) from None
    with contextlib.suppress(ValueError):
        key = base64.b64decode(text.removeprefix(MARK), validate=True)
        if text.startswith(MARK) and len(key) == 32:
            return key
    raise OptionError(f"{path} holds no key of fmtools.", "Name the file that --keep-key wrote.")


def derived(key: bytes, purpose: str, salt: bytes = b"") -> bytes:
    """Return 32 bytes for one purpose (HKDF-SHA256, one block, RFC 5869); they tell nothing of the key."""
    drawn = hmac.digest(salt or bytes(32), key, "sha256")
    return hmac.digest(drawn, f"fmtools {purpose}".encode() + b"\x01", "sha256")


class VaultWriter:
    """Takes records (plain JSON) one by one; only encrypted parts reach the file."""

    def __init__(self, path: Path, key: bytes, name: str) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        salt = secrets.token_bytes(SALT)
        self._cipher = AESGCM(derived(key, "vault", salt))
        self._bound, self._part, self._waiting = _bound(salt, name), 0, bytearray()
        self._file: IO[bytes] = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._file.write(MAGIC + salt)

    def add(self, record: Any) -> None:
        """Take one record."""
        self._waiting += json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        if len(self._waiting) >= PART:
            self._write(last=False)

    def close(self) -> None:
        """Write what waits as the last part, which says that nothing follows."""
        self._write(last=True)
        self._file.close()

    def abandon(self) -> None:
        """Close the file unfinished: it will not open."""
        self._file.close()

    def _write(self, last: bool) -> None:
        nonce, about = _numbered(self._part, last, self._bound)
        sealed = self._cipher.encrypt(nonce, zlib.compress(bytes(self._waiting), 6), about)
        self._file.write(len(sealed).to_bytes(LENGTH, "big") + sealed)
        self._part, self._waiting = self._part + 1, bytearray()


def read_vault(path: Path, key: bytes, name: str) -> Iterator[Any]:
    """Yield a vault's records. Raises DataError for another key, and for a vault that was changed, cut or swapped."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise _closed()
        salt = file.read(SALT)
        cipher, bound, number, last = AESGCM(derived(key, "vault", salt)), _bound(salt, name), 0, False
        while not last:
            sealed, last = _next(file)
            nonce, about = _numbered(number, last, bound)
            try:
                lines = zlib.decompress(cipher.decrypt(nonce, sealed, about))
            except (InvalidTag, zlib.error):
                raise _closed() from None
            yield from map(json.loads, lines.splitlines())
            number += 1


def _next(file: IO[bytes]) -> tuple[bytes, bool]:
    """Return the next part and whether it is the last; its seal tells whether that is true."""
    size = int.from_bytes(file.read(LENGTH), "big")
    if not 16 <= size <= 2 * PART + (64 << 20):
        raise _closed()
    sealed = file.read(size)
    if len(sealed) < size:
        raise _closed()
    more = file.read(1)
    if more:
        file.seek(-1, os.SEEK_CUR)
    return sealed, not more


def _closed() -> DataError:
    return DataError(
        "The vault does not open with this key, or it was changed.",
        "Use the key file that was written when the data were protected.",
    )


def _bound(salt: bytes, name: str) -> bytes:
    return MAGIC + salt + name.encode()


def _numbered(part: int, last: bool, bound: bytes) -> tuple[bytes, bytes]:
    """Return the nonce of a part, and what its seal covers besides its content."""
    return part.to_bytes(12, "big"), bound + part.to_bytes(8, "big") + bytes([last])
