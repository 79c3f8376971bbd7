"""Bible verses in English and Spanish, from the packages sword-text-web and sword-text-sparv (both in the public domain).

The modules are compressed text with OSIS marks. They count verses differently, so a verse is found by the chapter marks
in the text, and chapters whose verse lengths do not go together are left out, as are pairs of very different length.
"""

from __future__ import annotations

import re
import statistics
import struct
import zlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.kit.fetching import assets
from fmtools.kit.fetching.assets import Asset, Package
from fmtools.kit.rows.builtin import Row, dataset

TEXTS = "usr/share/sword/modules/texts/ztext"
ASSET = Asset(
    kind="data",
    name="bible",
    packages=(
        Package(
            registry="debian",
            name="sword-text-web",
            version="426.0-1",
            file="sword-text-web_426.0-1_all.deb",
            sha256="930b23670b352f0829a306501de4bebb5e654a2df02cde2cbe86b802177868e1",
            size=3_956_428,
            base=f"{TEXTS}/engWEB2015eb",
            members=r"[on]t\.bz[svz]",
            digest="f3c392d5d6c7fcd37270859d341f902962d21a2227ad3393d1699fcd8fe59160",
            pool="pool/main/s/sword-text-web",
        ),
        Package(
            registry="debian",
            name="sword-text-sparv",
            version="2.60-1",
            file="sword-text-sparv_2.60-1_all.deb",
            sha256="5c87f9b2bc97457e8a872f5bae7ea7ce59cb3de1dcee73e4d4740451863694cf",
            size=2_722_332,
            base=f"{TEXTS}/spaRV1909eb",
            members=r"[on]t\.bz[svz]",
            digest="92b1f6114ca1d01c526960e9319c95fb1f3dc88586931659ce9a163b9f66d580",
            pool="pool/main/s/sword-text-sparv",
        ),
    ),
    disk=7_254_723,
)
#: Books held out whole; those that repeat others (the synoptic gospels, Kings and Chronicles) are in training.
HELD_OUT = {
    "validation": ("Ruth", "Esth", "Dan", "Hos", "Rom", "Jas"),
    "test": ("Jonah", "Job", "Eccl", "Acts", "Heb", "Rev"),
}
CHAPTER = re.compile(r'<chapter [^>]*?osisID="([^"]+)"[^>]*?sID=')
ASIDE = re.compile(r"<(note|title(?![^>]*canonical))\b[^>]*?(?<!/)>.*?</\1>", re.S)  # psalm titles are text
GAP = re.compile(r"<(?:lb|lg?|q|div|milestone|/title)\b[^>]*>")
TAG = re.compile(r"<[^>]+>")
#: Longer to shorter text of a pair, at most; correlation of the verse lengths of a chapter, at least.
MAX_RATIO, MIN_FIT = 3.0, 0.5
UNMATCHED, MISFIT, UNLIKE = (
    "verses that only the English text has",
    "chapters that the two editions number differently",
    "pairs of very different length",
)


class BibleSource:
    """The set `bible`: verses, split by book."""

    name = "bible"
    summary = "30,630 Bible verses in English and (archaic) Spanish, split by book"
    names = ("bible",)
    endings: tuple[str, ...] = ()
    asset = ASSET

    def accepts(self, reference: Any) -> bool:
        return isinstance(reference, str) and reference in self.names

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Return the splits train, validation and test, columns source, target and ref. DataError when not fetched."""
        roots = assets.files(ASSET)
        english, spanish = (_verses(roots[package.name] / package.base) for package in ASSET.packages)
        rows, dropped = _pairs(english, spanish)
        books = {book: split for split, held in HELD_OUT.items() for book in held}
        splits: dict[str, list[Row]] = {"train": [], "validation": [], "test": []}
        for row in rows:
            splits[books.get(row["ref"].partition(".")[0], "train")].append(row)
        return dataset(
            self.name,
            splits,
            task="translation",
            origin="sword-text-web 426.0 (World English Bible), sword-text-sparv 2.60 (Reina-Valera 1909)",
            licence="public domain (the name World English Bible is a trademark: not for changed text)",
            dropped=dropped,
        )


def _entries(folder: Path, testament: str) -> Iterator[str]:
    """Yield the marked-up text of every slot of a testament: headings first, then verses, chapter by chapter."""
    blocks, index, data = ((folder / f"{testament}.bz{end}").read_bytes() for end in "svz")
    texts: dict[int, bytes] = {}
    for block, start, size in struct.iter_unpack("<IIH", index):
        if block not in texts and size:
            offset, length, _ = struct.unpack_from("<III", blocks, 12 * block)
            texts[block] = zlib.decompress(data[offset : offset + length])
        yield texts[block][start : start + size].decode("utf-8", "replace") if size else ""


def _plain(markup: str) -> str:
    """Drop notes, headings and tags; what stood between two words leaves a space."""
    text = TAG.sub("", GAP.sub(" ", ASIDE.sub(" ", markup)))
    return re.sub(r"\s+([,.;:?!])", r"\1", re.sub(r"\s+", " ", text)).strip()


def _verses(folder: Path) -> dict[str, str]:
    """Return texts by reference, such as Gen.1.1; a chapter's heading slot stands before its first verse."""
    found = {}
    for testament in ("ot", "nt"):
        chapter, number = "", 0
        for markup in _entries(folder, testament):
            marks = CHAPTER.findall(markup)
            if marks:
                chapter, number = marks[-1], 0
                continue
            number += 1
            text = _plain(markup)
            if chapter and text:
                found[f"{chapter}.{number}"] = text
    return found


def _pairs(source: dict[str, str], target: dict[str, str]) -> tuple[list[Row], dict[str, int]]:
    """Return the verses that both have and that belong together, in order, and why the other source verses do not."""
    chapters: dict[str, list[str]] = defaultdict(list)
    for ref in source:
        if ref in target:
            chapters[ref.rpartition(".")[0]].append(ref)
    dropped = {UNMATCHED: len(source) - sum(map(len, chapters.values())), MISFIT: 0, UNLIKE: 0}
    rows: list[Row] = []
    for refs in chapters.values():
        lengths = [(len(source[ref]), len(target[ref])) for ref in refs]
        if len(refs) > 2 and statistics.correlation(*zip(*lengths, strict=True)) < MIN_FIT:
            dropped[MISFIT] += len(refs)
            continue
        kept = [ref for ref, pair in zip(refs, lengths, strict=True) if max(pair) <= MAX_RATIO * min(pair)]
        dropped[UNLIKE] += len(refs) - len(kept)
        rows += [{"source": source[ref], "target": target[ref], "ref": ref} for ref in kept]
    return rows, dropped
