"""Options of `protect`: find personal data, replace or drop them, and bring them back with a key."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import field_validator, model_validator

from ..errors import OptionError
from .base import Hint, ReadsData, nearest, option
from .secret import Encrypts

#: Kinds of personal data, in the order of tables.
KINDS = ("name", "phone", "mail", "id", "bank", "address")
ADVANCED = Hint(group="advanced")


class ProtectOptions(ReadsData, Encrypts):
    """Find and replace personal data before training."""

    verb: ClassVar[str] = "protect"
    summary: ClassVar[str] = "Take personal data out of texts, English or Chinese; encrypt data and models."
    example: ClassVar[str] = "%fm_protect reviews.csv --name shop-clean --mode stand-in --keep-key key.file"

    data: Any = option(
        ..., "a file, a stored name, or a notebook variable", hint=Hint(positional=True, complete="data", live=True)
    )
    name: str | None = option(
        None, "keep the result under this name; NAME-protected when not given", min_length=1, max_length=60
    )
    mode: Literal["mask", "stand-in", "drop"] = option(
        "mask",
        "mask: [NAME]; stand-in: something else of the same kind, the same everywhere; drop: leave such rows out",
        hint=Hint(complete="choices"),
    )
    kinds: list[str] = option(list(KINDS), f"what to look for: {', '.join(KINDS)}")
    only: list[str] = option([], "columns to look in; all that hold text when not given")
    keep_key: str | None = option(
        None,
        "write a key to this file (or use the one in it), with which --restore brings the values back",
        min_length=1,
        hint=Hint(complete="path"),
    )
    restore: str | None = option(
        None,
        "bring the values of protected data back with the key in this file",
        min_length=1,
        hint=Hint(complete="path"),
    )
    text: list[str] = option(
        [], "with --restore: a text in which stand-ins become the values again (several allowed)", hint=ADVANCED
    )

    decrypt: bool = option(
        False,
        "write an encrypted file in the clear: data into the store (--name), all else to a folder (--to)",
        hint=ADVANCED,
    )
    to: str | None = option(
        None,
        "with --encrypt: the file, NAME.age when not given; with --decrypt: the folder",
        min_length=1,
        hint=Hint(group="advanced", complete="path"),
    )

    @field_validator("kinds", "only", mode="before")
    @classmethod
    def _divide(cls, value: Any) -> Any:
        parts = [value] if isinstance(value, str) else value
        return (
            [word.strip() for part in parts for word in str(part).split(",") if word.strip()]
            if isinstance(parts, list | tuple)
            else value
        )

    @field_validator("kinds")
    @classmethod
    def _known(cls, value: list[str]) -> list[str]:
        for kind in value:
            if kind not in KINDS:
                guess = nearest(kind, list(KINDS), 0.4)
                raise OptionError(
                    f"--kinds {kind!r} is not a kind of personal data.",
                    f"Did you mean {guess}?" if guess else f"Known: {', '.join(KINDS)}.",
                )
        if not value:
            raise OptionError("--kinds is empty.", f"Known: {', '.join(KINDS)}.")
        return [kind for kind in KINDS if kind in value]

    @model_validator(mode="after")
    def _fits(self) -> ProtectOptions:
        if sum(map(bool, (self.encrypt, self.decrypt, self.restore, self.keep_key))) > 1:
            asked = "--encrypt, --decrypt, --restore and --keep-key"
            if self.encrypt or self.decrypt:
                raise OptionError(f"{asked} are asked for one at a time.", "Mask first, then encrypt what was kept.")
        if self.to and not (self.encrypt or self.decrypt):
            raise OptionError("--to is for --encrypt and --decrypt.", "--name says how the result is kept.")
        if self.restore and self.keep_key:
            raise OptionError(
                "--keep-key protects and --restore brings back: only one of them at a time.",
                f"For example: {self.example}",
            )
        if self.keep_key and self.mode == "drop":
            raise OptionError(
                "--mode drop leaves whole rows out; there is nothing that a key could bring back.",
                "Leave --keep-key out, or use --mode mask.",
            )
        if self.text and not self.restore:
            raise OptionError("--text is for --restore.", "Give the key: --restore key.file.")
        return self
