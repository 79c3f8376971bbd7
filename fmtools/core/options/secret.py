"""Options of the verbs that encrypt, or open what is encrypted. The key itself is no option: a line is kept, shown and listed."""

from __future__ import annotations

from typing import Any

from pydantic import field_validator

from ..errors import OptionError
from .base import Hint, Options, option

#: How keys begin, as kit.sealing.keys and age write them.
_KEYS = ("fmtools-key-", "AGE-SECRET-KEY-")


class TakesKey(Options):
    """Base of the verbs that open encrypted files."""

    key_file: str | None = option(
        None,
        "the file with the key, readable by you alone; else FMTOOLS_KEY, or a passphrase is asked for",
        min_length=1,
        hint=Hint(group="advanced", complete="path"),
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Put a verb's own options first."""
        super().__pydantic_init_subclass__(**kwargs)
        fields = cls.__pydantic_fields__
        for name in ("encrypt", "key_file"):
            if name in fields:
                fields[name] = fields.pop(name)

    @field_validator("key_file", mode="before")
    @classmethod
    def _no_key_itself(cls, value: Any) -> Any:
        if isinstance(value, str) and value.lstrip().startswith(_KEYS):
            raise OptionError(
                "--key-file takes the name of a file, not the key itself, which now stands in this line's history.",
                "Delete the line, make a new key, and name its file.",
            )
        return value


class Encrypts(TakesKey):
    """Base of the verbs whose result may be encrypted."""

    encrypt: bool = option(
        False,
        "encrypt the result (age) with the key of --key-file, which is made when it is not there",
        hint=Hint(group="advanced"),
    )
