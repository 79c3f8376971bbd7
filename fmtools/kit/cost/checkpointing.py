"""Computing activations again instead of keeping them, on any model whose layers can."""

from __future__ import annotations

from typing import Any

from ...core.errors import OptionError


def supported(model: Any) -> bool:
    """Say whether some layers of a model can compute their activations again."""
    return bool(_able(model))


def enable(model: Any) -> None:
    """Let the layers of a model keep only what goes into them. Raises OptionError for a model that cannot."""
    able = _able(model)
    if not able:
        raise OptionError(
            "This model cannot compute its activations again: it has no layers made for --gradient-checkpointing.",
            "Leave the option out; a smaller --batch-size with --gradient-accumulation saves memory with any model.",
        )
    for part in able:
        part.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})


def _able(model: Any) -> list[Any]:
    """Return the outermost parts that know how; a wrapper of ours does not, the encoder in it does."""
    if getattr(model, "supports_gradient_checkpointing", False) and hasattr(model, "gradient_checkpointing_enable"):
        return [model]
    return [part for child in model.children() for part in _able(child)]
