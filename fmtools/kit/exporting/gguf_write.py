"""A llama-type model as one GGUF file, by the names and the order of weights that llama.cpp reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import ModelError

#: How llama.cpp cuts texts before its byte pairs, by what the tokenizer does first.
GPT2, SMOLLM = "gpt-2", "smollm"
NORMAL, CONTROL, USER = 1, 3, 4


def write(model: Any, tokenizer: Any, path: Path, name: str) -> None:
    """Write weights as float32, the tokenizer, the chat template. Raises ModelError for what GGUF's llama does not hold."""
    import gguf

    config = model.config
    if config.model_type != "llama":
        raise ModelError(
            f"Only llama-type models leave as GGUF here; this is {config.model_type}.", "Use --to onnx or safetensors."
        )
    writer = gguf.GGUFWriter(str(path), "llama")
    try:
        _facts(writer, config, name)
        _words(writer, tokenizer, config.vocab_size)
        names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
        for key, value in _weights(model).items():
            found = names.get_name(key, try_suffixes=(".weight", ".bias"))
            if found is None:
                raise ModelError(f"GGUF has no place for the weights {key!r}.", "Use --to onnx or safetensors.")
            writer.add_tensor(found, _ordered(key, value, config))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def _weights(model: Any) -> dict[str, np.ndarray]:
    """Return the weights by name; an output layer that is the embedding itself is not written twice."""
    tied = bool(getattr(model.config, "tie_word_embeddings", False))
    state = model.state_dict()
    return {
        key: value.detach().float().cpu().numpy()
        for key, value in state.items()
        if not (tied and key == "lm_head.weight") and not key.endswith("rotary_emb.inv_freq")
    }


def _ordered(key: str, value: np.ndarray, config: Any) -> np.ndarray:
    """Return queries and keys with the halves of each head woven together: llama.cpp turns neighbours, transformers halves."""
    if not key.endswith(("q_proj.weight", "k_proj.weight")):
        return value
    heads = config.num_attention_heads if "q_proj" in key else config.num_key_value_heads
    woven = value.reshape(heads, 2, value.shape[0] // heads // 2, *value.shape[1:]).swapaxes(1, 2)
    return np.ascontiguousarray(woven.reshape(value.shape))


def _facts(writer: Any, config: Any, name: str) -> None:
    rope: dict[str, Any] = getattr(config, "rope_parameters", None) or {}
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer.add_name(name)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(head)
    writer.add_rope_freq_base(float(rope.get("rope_theta") or 10000.0))
    writer.add_vocab_size(config.vocab_size)
    writer.add_file_type(0)


def _words(writer: Any, tokenizer: Any, size: int) -> None:
    core = json.loads(tokenizer.backend_tokenizer.to_str())
    if core["model"]["type"] != "BPE" or not _byte_level(core.get("pre_tokenizer")):
        raise ModelError(
            f"GGUF is written for tokenizers of byte pairs; this one is {core['model']['type']}.",
            "Use --to onnx or safetensors.",
        )
    known = {number: word for word, number in tokenizer.get_vocab().items()}
    added = {own["id"]: own for own in core.get("added_tokens", [])}
    words = [known.get(i, f"[PAD{i}]") for i in range(size)]
    kinds = [
        (CONTROL if added[i]["special"] else USER) if i in added else NORMAL if i in known else 5 for i in range(size)
    ]
    merges = [one if isinstance(one, str) else " ".join(one) for one in core["model"]["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(SMOLLM if "Digits" in json.dumps(core.get("pre_tokenizer")) else GPT2)
    writer.add_token_list(words)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    for add, number in (
        (writer.add_bos_token_id, tokenizer.bos_token_id),
        (writer.add_eos_token_id, tokenizer.eos_token_id),
        (writer.add_pad_token_id, tokenizer.pad_token_id),
    ):
        if number is not None:
            add(number)
    writer.add_add_bos_token(False)
    if tokenizer.chat_template:
        writer.add_chat_template(tokenizer.chat_template)


def _byte_level(pre: Any) -> bool:
    return "ByteLevel" in json.dumps(pre)
