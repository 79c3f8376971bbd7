"""gguf: one file for llama.cpp and what is built on it; llama-type models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.exporting import Runner, Subject

if TYPE_CHECKING:
    import numpy as np

FILE = "model.gguf"


class Gguf:
    """model.gguf with float32 weights, the tokenizer and the chat template; llama-quantize makes it small."""

    name = "gguf"
    summary = "GGUF for llama.cpp, Ollama, LM Studio: llama-type language models."
    format = "gguf"
    tasks: tuple[str, ...] = ("text-generation", "preference-tuning")
    tolerance = 1e-3

    def check(self) -> None:
        """Raise OptionError when the gguf package is not there."""
        from importlib.util import find_spec

        from ...core.errors import OptionError

        if find_spec("gguf") is None:
            raise OptionError("--to gguf needs the package gguf.", 'pip install "fmtools[llm]"')

    def export(self, subject: Subject, folder: Path) -> dict[str, Any]:
        """Write the file. Raises ModelError for a model that is not of llama's kind."""
        from ...kit.exporting import gguf_write, hub_layout
        from ...kit.models import encoders

        hub_layout.copy_small(subject.folder, folder)
        model = subject.hosts[0][0]
        words = encoders.load_tokenizer(str(subject.folder))
        gguf_write.write(model, words, folder / FILE, str(subject.facts.get("name", "model")))
        return {"files": {"model": FILE}}

    def open(self, folder: Path) -> Runner:
        """Read the file alone with transformers' reader of GGUF: weights and shape come from nowhere else."""
        import torch
        from transformers import AutoModelForCausalLM

        from ...kit.exporting import functions, recorded

        model = AutoModelForCausalLM.from_pretrained(
            folder, gguf_file=FILE, dtype=torch.float32, local_files_only=True, trust_remote_code=False
        )
        own = functions.of(folder)["model"]
        subject = recorded.bound("text-generation", (model,), folder, own.inputs, own.outputs)

        def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
            with torch.inference_mode():
                out = recorded.call(subject, {name: torch.from_numpy(value) for name, value in inputs.items()})
            return {name: value.numpy() for name, value in out.items()}

        return run
