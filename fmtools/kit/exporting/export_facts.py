"""What a written model's card says of it: enough to use it without fmtools, see docs/export.md."""

from __future__ import annotations

from typing import Any


def of(loaded: Any, meta: dict[str, Any]) -> dict[str, Any]:
    """Return labels, lengths and habits of a loaded model, as plain JSON."""
    from .recorded import module_of

    model = module_of(loaded)
    words = loaded[1] if isinstance(loaded, tuple) and len(loaded) > 1 else getattr(model, "tokenizer", None)
    if hasattr(loaded, "runner"):  # a user's own module
        return {**_module(loaded), "labels": list(meta.get("labels") or [])}
    return {
        "labels": list(meta.get("labels") or []),
        "several": bool(meta.get("multi_label")),
        "pair": bool(meta.get("pair_column")),
        "max_length": max_length(model, words),
        "pad_id": int(getattr(words, "pad_token_id", 0) or 0),
        **({"languages": spoken} if (spoken := _languages(words, meta)) else {}),
        **({"division": meta["division"], "plain_tags": bool(meta["plain"])} if "division" in meta else {}),
        **({"prompts": dict(model.prompts)} if getattr(model, "prompts", None) else {}),
        **({"unanswerable": bool(meta["unanswerable"])} if "unanswerable" in meta else {}),
    }


def _languages(words: Any, meta: dict[str, Any]) -> list[str]:
    """Return the languages of source and target: by the columns' names, or as a model of many languages was told."""
    told = [getattr(words, name, None) for name in ("src_lang", "tgt_lang")]
    return list(meta.get("languages") or (told if all(told) else []))


def _module(opened: Any) -> dict[str, Any]:
    """Return which column each argument of a user's forward is made of: see kit.module.columns.Fit."""
    fit = opened.fit
    pad = getattr(opened.tokenizer, "pad_token_id", None) or 0
    return {
        "arguments": {name: source for name, source in fit.arguments.items() if name != fit.label_argument},
        "features": fit.features,
        "max_length": int(opened.meta["max_length"]),
        "pad_id": int(pad),
    }


def max_length(model: Any, words: Any) -> int:
    """Return how many tokens the model reads at most, as fmtools itself cuts its texts."""
    from ..models import classifiers, taggers

    kept = getattr(model.config, "fmtools", None) if hasattr(model, "config") else None
    if isinstance(kept, dict) and "max_length" in kept:  # question-answering, translation, summarization
        return int(kept["max_length"])
    if hasattr(model, "max_seq_length"):  # a sentence encoder
        return int(model.max_seq_length)
    if type(model).__name__.endswith("ForTokenClassification") and words is not None:
        return taggers.longest(model, words)
    return classifiers.max_length(model)
