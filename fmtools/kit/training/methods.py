"""Which weights are trained: all, the head, the last layers, or a low-rank adapter - on any transformers model."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from ...core.errors import OptionError
from ...core.options import TrainOptions
from .vocabulary import PartlyTrained


def apply(model: Any, options: TrainOptions) -> Any:
    """Set dropout, freeze what is not trained, or wrap the model with an adapter; return what is to be trained."""
    if options.dropout is not None:
        set_dropout(model, options.dropout)
    if options.from_scratch or options.method == "full":
        return model
    if options.method == "lora":
        return _lora(model, options)
    keep = {id(p) for p in head_of(model)}
    if options.method == "last-layers":
        keep |= {id(p) for p in _last_layers(model, options.train_layers)}
    for parameter in model.parameters():
        parameter.requires_grad_(id(parameter) in keep)
    if not any(p.requires_grad for p in model.parameters()):
        raise OptionError("This model has no head of its own to train.", "Use --method last-layers or lora.")
    return model


def head_modules(model: Any) -> list[str]:
    """Return the names of the modules outside the pretrained base; for a language model its output layer."""
    base = model.base_model_prefix
    names = [name for name, child in model.named_children() if name != base and any(True for _ in child.parameters())]
    if hasattr(model, base) and names:
        return names
    output = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
    return [name for name, module in model.named_modules() if output is not None and module is output]


def head_of(model: Any) -> list[nn.Parameter]:
    """Return the parameters of the head."""
    return [p for name in head_modules(model) for p in model.get_submodule(name).parameters()]


def _last_layers(model: Any, count: int) -> list[nn.Parameter]:
    """Return the parameters of the last `count` layers of each stack, and of what stands after it in the base model."""
    found: list[nn.Parameter] = []
    for _, module in model.named_modules():
        if isinstance(module, nn.ModuleList) and len(module) and _is_stack(module):
            found += [p for layer in list(module)[-count:] for p in layer.parameters()]
    for name, module in model.named_modules():
        if name.rsplit(".", 1)[-1] in ("ln_f", "norm", "final_layer_norm", "final_norm"):
            found += list(module.parameters())
    return found


def _is_stack(modules: nn.ModuleList) -> bool:
    """Say whether a list holds the layers of a transformer: equal classes with attention inside."""
    first = modules[0]
    same = all(type(m) is type(first) for m in modules)
    return same and any("attention" in type(m).__name__.lower() for m in first.modules())


def _lora(model: Any, options: TrainOptions) -> Any:
    from peft import LoraConfig, get_peft_model
    from transformers.pytorch_utils import Conv1D

    head = head_modules(model)
    output = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
    targets = [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear | Conv1D) and module is not output and name.split(".")[0] not in head
    ]
    if not targets:
        raise OptionError("This model has no linear layers that an adapter could go to.", "Use --method full.")
    generates = output is not None
    config = LoraConfig(
        r=options.lora_rank,
        lora_alpha=options.lora_alpha,
        lora_dropout=options.lora_dropout,
        target_modules=targets,
        modules_to_save=None if generates else head,
        fan_in_fan_out=any(isinstance(m, Conv1D) for m in model.modules()),
    )
    return get_peft_model(model, config)


def set_dropout(model: nn.Module, share: float) -> None:
    """Set every dropout of a model: modules, rates kept as numbers on modules, and the config that is saved with it."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = share
        for name, value in list(vars(module).items()):
            if "dropout" in name and isinstance(value, float):
                setattr(module, name, share)
    for config in _configs(model):
        for name, value in list(vars(config).items()):
            if ("dropout" in name or name.endswith("_pdrop")) and isinstance(value, float):
                setattr(config, name, share)


def _configs(model: Any) -> list[Any]:
    config = getattr(model, "config", None)
    inner = [getattr(config, name, None) for name in getattr(config, "sub_configs", {})]
    return [found for found in (config, *inner) if found is not None]


def groups(model: Any, options: TrainOptions) -> list[dict[str, Any]]:
    """Divide what is trained for the optimizer: base and head with their own rates, biases and norms without decay."""
    plain = model.get_base_model() if hasattr(model, "get_base_model") else model
    head = set() if options.from_scratch or _writes(plain) else {name.split(".")[0] for name in head_modules(plain)}
    parts: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            ours = name.removeprefix("base_model.model.").split(".")[0] in head
            parts.setdefault((ours, parameter.ndim > 1 or ours), []).append(parameter)
    return [
        {
            "params": found,
            "lr": options.head_learning_rate if ours else options.learning_rate,
            "weight_decay": options.weight_decay if decays else 0.0,
        }
        for (ours, decays), found in sorted(parts.items(), key=lambda item: (item[0][0], not item[0][1]))
    ]


def _writes(model: Any) -> bool:
    """Say whether the output layer is part of what was pretrained, and no new head."""
    return hasattr(model, "get_output_embeddings") and model.get_output_embeddings() is not None


def whole(model: Any) -> Any:
    """Return the model with its adapter merged into the weights, so that any reader can load it."""
    return model.merge_and_unload() if hasattr(model, "merge_and_unload") else model


def is_adapter(model: Any) -> bool:
    """Say whether a model carries an adapter of its own."""
    return hasattr(model, "merge_and_unload")


def count(model: torch.nn.Module) -> tuple[int, int]:
    """Return (parameters, trained parameters)."""
    sizes = [(p.numel(), p.requires_grad) for p in model.parameters()]
    # The trained rows of a table stand beside the table.
    twice = sum(m.weight.numel() for m in model.modules() if isinstance(m, PartlyTrained))
    return sum(n for n, _ in sizes) - twice, sum(n for n, trained in sizes if trained)
