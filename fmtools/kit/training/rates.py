"""Learning rates that fit what is trained, where the user named none. Light: the kernel imports it."""

from __future__ import annotations

from typing import Any

from ...core.options import TrainOptions


def classifier_defaults(options: TrainOptions) -> dict[str, Any]:
    """Return the defaults of an encoder with a new head: an adapter learns at ten times the rate of full fine-tuning."""
    if options.from_scratch:
        return {"model": "bert", "learning_rate": 1e-3, "head_learning_rate": 1e-3}
    return {"learning_rate": 1e-3} if options.method == "lora" else {}


def writer_defaults(options: TrainOptions) -> dict[str, Any]:
    """Return the defaults of a model that writes."""
    if options.from_scratch:
        return {"learning_rate": 1e-3, "warmup": 100}
    return {"learning_rate": 3e-4 if options.method == "lora" else 5e-5}


def rewriter_defaults(options: TrainOptions) -> dict[str, Any]:
    """Return the defaults of an encoder-decoder. Without a model's name one is made from scratch: none comes with fmtools."""
    if options.from_scratch or "model" not in options.model_fields_set:
        scratch = {"from_scratch": True} if "from_scratch" not in options.model_fields_set else {}
        return {"model": "marian", **scratch, "learning_rate": 1e-3, "warmup": 200, "adam_beta2": 0.98, "epochs": 10.0}
    return {"learning_rate": 1e-3 if options.method == "lora" else 1e-4}


def rate_flags(options: TrainOptions, groups: list[dict[str, Any]]) -> dict[str, float]:
    """Return the options that give the rates of an optimizer's groups (core.contracts.Parts), the base's first."""
    both = {"--learning-rate": options.learning_rate, "--head-learning-rate": options.head_learning_rate}
    used = {float(group["lr"]) for group in groups if "lr" in group}
    return {flag: rate for flag, rate in both.items() if rate in used} or {"--learning-rate": options.learning_rate}
