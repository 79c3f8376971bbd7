"""Keys of encrypted files: from a file that only its owner may read, from FMTOOLS_KEY, or typed unseen. Never from a line.

The key file is that of `%fm_protect --keep-key` (kit.privacy.vault): 32 random bytes, from which the age identity is
derived. A file of `age-keygen` is taken as well, and a passphrase typed or in FMTOOLS_KEY. A key is in no message, no repr
and no log.
"""

from __future__ import annotations

import os
import stat
import warnings
from dataclasses import dataclass, field
from getpass import GetPassWarning, getpass
from pathlib import Path
from typing import Any

from ...core.errors import OptionError
from ..privacy.vault import MARK, derived, new_key, read_key

VARIABLE = "FMTOOLS_KEY"
AGE = "AGE-SECRET-KEY-1"
#: A passphrase that is shorter is guessed in no time.
SHORTEST = 8
_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_WAYS = f"Name a key file (--key-file FILE), set {VARIABLE}, or run it where a passphrase can be typed."


@dataclass(frozen=True)
class Key:
    """An age identity, or a passphrase. `origin` says where it came from, in words; `made` that its file is new."""

    origin: str
    identity: Any = field(default=None, repr=False)
    passphrase: str = field(default="", repr=False)
    made: bool = False

    def __reduce__(self) -> Any:
        raise TypeError("a key does not leave its process")


def find(key_file: str | None, encrypting: bool) -> Key:
    """Return the key: from the file, else from FMTOOLS_KEY, else typed (twice when encrypting).

    A key file that is not there yet is made when encrypting. Raises OptionError when there is none to be had.
    """
    if key_file is not None:
        return of_file(Path(key_file).expanduser().absolute(), make=encrypting)
    if os.environ.get(VARIABLE):
        return of_text(os.environ[VARIABLE], VARIABLE)
    return _typed(encrypting)


def of_file(path: Path, make: bool = False) -> Key:
    """Return the key in a file. Raises OptionError for a file that others may read, and for one that holds none."""
    if make and not path.exists():
        return Key(str(path), _identity(new_key(path)), made=True)
    try:
        mode = path.stat().st_mode
        head = path.read_bytes()[:4096].decode("ascii", "replace")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise OptionError(f"The key file {path} cannot be read ({why}).", "Check its name.") from None
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise OptionError(f"The key file {path} can be read by others than you.", f"chmod 600 {path}")
    secret = next((line.strip() for line in head.splitlines() if line.startswith(AGE)), "")
    return Key(str(path), _parsed(secret) if secret else _identity(read_key(path)))


def of_text(text: str, origin: str) -> Key:
    """Return the key that a text is: a line of a key file, an age identity, or a passphrase."""
    if text.startswith(AGE):
        return Key(origin, _parsed(text.strip()))
    if text.startswith(MARK):
        return Key(origin, _identity(_bytes(text, origin)))
    if len(text) < SHORTEST:
        raise OptionError(
            f"The passphrase in {origin} has fewer than {SHORTEST} characters.", "Use a longer one, or a key file."
        )
    return Key(origin, passphrase=text)


def looks_like_key(text: str) -> bool:
    """Say whether somebody typed a key itself where the name of its file belongs."""
    return text.lstrip().startswith((MARK, AGE))


def _typed(encrypting: bool) -> Key:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", GetPassWarning)  # it would go on, and show what is typed
            first = getpass("Passphrase: ")
            again = getpass("Once more: ") if encrypting else first
    except KeyboardInterrupt:
        raise
    except Exception:  # a notebook that runs by itself, a pipe: nobody is there
        raise OptionError("There is no key, and nobody to type a passphrase.", _WAYS) from None
    if first != again:
        raise OptionError("The two passphrases are not the same.", "Nothing was written. Try again.")
    return of_text(first, "what was typed")


def _bytes(text: str, origin: str) -> bytes:
    import base64

    try:
        key = base64.b64decode(text.strip().removeprefix(MARK), validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise OptionError(f"{origin} holds no key of fmtools.", "Set it to the line of a key file, or to a passphrase.")
    return key


def _identity(key: bytes) -> Any:
    return _parsed(_bech32("age-secret-key-", derived(key, "age")).upper())


def _parsed(secret: str) -> Any:
    from pyrage import IdentityError, x25519

    try:
        return x25519.Identity.from_str(secret)
    except IdentityError:
        raise OptionError("The key is no age identity.", "Name the file that age-keygen wrote.") from None


def _bech32(prefix: str, data: bytes) -> str:
    """Return bytes as Bech32 (BIP 173), the form in which age takes its identities."""
    bits = "".join(f"{byte:08b}" for byte in data)
    values = [int(bits[at : at + 5].ljust(5, "0"), 2) for at in range(0, len(bits), 5)]
    wide = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    check = _polymod([*wide, *values, *[0] * 6]) ^ 1
    values += [check >> 5 * (5 - number) & 31 for number in range(6)]
    return prefix + "1" + "".join(_ALPHABET[value] for value in values)


def _polymod(values: list[int]) -> int:
    state = 1
    for value in values:
        top, state = state >> 25, (state & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            state ^= generator if top >> bit & 1 else 0
    return state
