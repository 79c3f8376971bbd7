"""Small talk in English and Chinese as chat messages, from the package chatterbot-corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.kit.fetching import assets
from fmtools.kit.fetching.assets import Asset, Package
from fmtools.kit.rows.builtin import Row, by_text, dataset

ASSET = Asset(
    kind="data",
    name="dialogues",
    packages=(
        Package(
            registry="pypi",
            name="chatterbot-corpus",
            version="1.3.3",
            file="chatterbot_corpus-1.3.3-py2.py3-none-any.whl",
            sha256="86de5300afb9a80826386339d3bec79c0a72eb0358abb8327e2ecef5ae0ce154",
            size=345_706,
            base="chatterbot_corpus/data",
            members=r"(english|chinese)/\w+\.yml",
            digest="c0a27ccbf5cbeaa0e24a38309d69944b4dbe154c58e3f28f17184f8d911d0e7b",
        ),
    ),
    disk=272_966,
)
LANGUAGES = {"dialogues": "english", "dialogues-zh": "chinese"}
ALONE = "a conversation of one line has no answer"
ROLES = ("user", "assistant")


class DialoguesSource:
    """The sets `dialogues` and `dialogues-zh`."""

    name = "dialogues"
    summary = "2,026 English (dialogues) or 467 Chinese (dialogues-zh) short conversations, as chat messages"
    names = tuple(LANGUAGES)
    endings: tuple[str, ...] = ()
    asset = ASSET

    def accepts(self, reference: Any) -> bool:
        return isinstance(reference, str) and reference in self.names

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Return the splits train, validation and test, columns messages and topic. DataError when it was not fetched.

        Who speaks takes turns, the user first; a last line without an answer is cut off. Conversations with the same
        beginning are in the same split.
        """
        folder = assets.files(ASSET)["chatterbot-corpus"] / ASSET.packages[0].base / LANGUAGES[reference]
        talks = [(path.stem, talk) for path in sorted(folder.glob("*.yml")) for talk in _talks(path)]
        rows = [{"messages": _messages(talk), "topic": topic} for topic, talk in talks if len(talk) > 1]
        return dataset(
            reference,
            by_text(rows, lambda row: row["messages"][0]["content"]),
            task="text-generation",
            origin="chatterbot-corpus 1.3.3",
            licence="BSD-3-Clause",
            dropped={ALONE: len(talks) - len(rows)} if len(talks) > len(rows) else None,
        )


def _talks(path: Path) -> list[list[str]]:
    """Read a file's conversations; the base loader leaves "yes" and "42" the texts that they are."""
    import yaml

    content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - it builds texts only
    return [[str(line).strip() for line in talk if str(line).strip()] for talk in content["conversations"]]


def _messages(talk: list[str]) -> list[Row]:
    return [{"role": ROLES[i % 2], "content": line} for i, line in enumerate(talk[: len(talk) // 2 * 2])]
