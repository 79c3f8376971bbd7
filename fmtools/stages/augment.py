"""What augmentation asks a model, in the worker: translate texts, and embed words."""

from __future__ import annotations

import base64
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..core.errors import ModelError

#: Texts in one batch, tokens of an input and of an answer.
TOGETHER, LONGEST = 16, 256


@lru_cache(maxsize=2)
def _translator(folder: str, stamp: int) -> tuple[Any, Any]:
    """Load an encoder-decoder once; `stamp` changes when the folder is replaced."""
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    del stamp
    try:
        return AutoModelForSeq2SeqLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    except (ValueError, OSError, KeyError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise ModelError(f"The model in {folder} does not translate: {first}", "Name a seq2seq model or run.") from None


def translate(folder: str, texts: list[str]) -> dict[str, Any]:
    """Return {"texts": [...]}, the model's answer to each text, in order; the same each time (beam search)."""
    import torch

    model, tokenizer = _translator(folder, Path(folder).stat().st_mtime_ns)
    order = sorted(range(len(texts)), key=lambda n: -len(texts[n]))
    found = [""] * len(texts)
    for start in range(0, len(order), TOGETHER):
        places = order[start : start + TOGETHER]
        batch = tokenizer(
            [texts[n] for n in places], return_tensors="pt", padding=True, truncation=True, max_length=LONGEST
        )
        batch.pop("token_type_ids", None)
        with torch.inference_mode():
            answers = model.generate(**batch, max_new_tokens=LONGEST, num_beams=2, do_sample=False)
        for n, answer in zip(places, tokenizer.batch_decode(answers, skip_special_tokens=True), strict=True):
            found[n] = answer.strip()
    return {"texts": found}


def embed(folder: str, texts: list[str]) -> dict[str, Any]:
    """Return {"width", "data"}: data is base64 of float32 [texts, width], each row of length 1 (mean over tokens)."""
    import torch

    from ..kit.models import encoders

    model, tokenizer = encoders.load_base(folder), encoders.load_tokenizer(folder)
    parts = []
    for start in range(0, len(texts), 128):
        batch = tokenizer(
            texts[start : start + 128], return_tensors="pt", padding=True, truncation=True, max_length=LONGEST
        )
        with torch.inference_mode():
            states = model(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1)
        parts.append(torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=-1))
    vectors = torch.cat(parts).float().numpy()
    return {"width": int(vectors.shape[1]), "data": base64.b64encode(vectors.tobytes()).decode()}
