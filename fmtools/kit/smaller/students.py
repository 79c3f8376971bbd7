"""A smaller copy of a trained model, before it has learned anything: fewer layers, fewer neurons, fewer words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...core.errors import ModelError
from ..models.encoder_classifier import EncoderClassifier

#: What the student is of: {"teacher": run, "layers": [kept], "tokens": [the teacher's number of each token] or null,
#: "zeros": share of the weights of its layers that are 0 and stay it}.
FACTS = "student.json"
#: Weights of the head where the folder itself holds a bare encoder.
HEAD = "head.safetensors"


def stack_of(model: nn.Module) -> tuple[str, nn.ModuleList]:
    """Return (name, layers) of a model's longest list of equal layers with attention. Raises ModelError for none."""
    found = [
        (name, module)
        for name, module in model.named_modules()
        if isinstance(module, nn.ModuleList)
        and len({type(layer) for layer in module}) == 1
        and any("attention" in type(part).__name__.lower() for part in module[0].modules())
    ]
    if not found:
        raise ModelError("This model has no layers that a student could go without.", "Choose a transformer.")
    return max(found, key=lambda item: len(item[1]))


def spread(layers: int, kept: int) -> list[int]:
    """Return which of `layers` stay, the first and the last among them: spread(6, 3) = [0, 2, 5]."""
    if kept >= layers:
        return list(range(layers))
    if kept == 1:
        return [layers - 1]
    return [int(i * (layers - 1) / (kept - 1)) for i in range(kept)]


def cut_layers(model: Any, kept: list[int]) -> None:
    """Take all layers but those out of a model."""
    name, stack = stack_of(model)
    parent = model.get_submodule(name.rpartition(".")[0])
    setattr(parent, name.rpartition(".")[2], nn.ModuleList(stack[i] for i in kept))
    for place, layer in enumerate(parent.get_submodule(name.rpartition(".")[2])):
        for part in layer.modules():
            if hasattr(part, "layer_idx"):
                part.layer_idx = place
    config = config_of(model)
    config.num_hidden_layers = len(kept)
    if getattr(config, "layer_types", None):
        config.layer_types = [config.layer_types[i] for i in kept]


def cut_neurons(model: Any, amount: float) -> int:
    """Take the share `amount` of the neurons between the two products of each layer out, the smallest by norm; return how
    many stay. Raises ModelError where a layer has no such pair."""
    from torch.nn.utils import prune

    config = config_of(model)
    width = int(getattr(config, "intermediate_size", 0) or 0)
    kept = max(1, round(width * (1 - amount)))
    for layer in stack_of(model)[1]:
        into = [(n, m) for n, m in layer.named_modules() if isinstance(m, nn.Linear) and m.out_features == width]
        out = [(n, m) for n, m in layer.named_modules() if isinstance(m, nn.Linear) and m.in_features == width]
        if len(into) != 1 or len(out) != 1 or width == 0:
            raise ModelError("The layers of this model have no neurons between two products.", "Use %fm_distill.")
        scored = prune.ln_structured(into[0][1], "weight", amount=width - kept, n=2, dim=0)
        chosen = torch.where(scored.weight_mask[:, 0] > 0)[0]
        prune.remove(into[0][1], "weight")
        _shrink(layer, into[0], chosen, 0)
        _shrink(layer, out[0], chosen, 1)
    config.intermediate_size = kept
    return kept


def cut_weights(model: Any, amount: float) -> None:
    """Set the share `amount` of the weights of all products in the layers to 0, the smallest by magnitude."""
    from torch.nn.utils import prune

    within = [(product, "weight") for product in _products(model)]
    prune.global_unstructured(within, pruning_method=prune.L1Unstructured, amount=amount)
    for product, name in within:
        prune.remove(product, name)


def keep_zeros(model: Any) -> None:
    """Let the weights of the layers that are 0 learn nothing: without a gradient no optimizer moves them, nor does decay."""
    for product in _products(model):
        kept = product.weight.detach() != 0
        product.weight.register_hook(lambda gradient, kept=kept: gradient * kept)


def _products(model: Any) -> list[nn.Linear]:
    return [part for part in stack_of(model)[1].modules() if isinstance(part, nn.Linear)]


def _shrink(layer: nn.Module, found: tuple[str, nn.Linear], kept: torch.Tensor, axis: int) -> None:
    """Put a linear layer with the kept rows (axis 0) or columns (axis 1) in the place of one of `layer`."""
    name, old = found
    weight = old.weight.detach().index_select(axis, kept)
    new = nn.Linear(weight.shape[1], weight.shape[0], bias=old.bias is not None)
    new.weight = nn.Parameter(weight)
    if old.bias is not None:
        new.bias = nn.Parameter(old.bias.detach()[kept] if axis == 0 else old.bias.detach().clone())
    place, _, last = name.rpartition(".")
    setattr(layer.get_submodule(place), last, new)


def config_of(model: Any) -> Any:
    """Return the configuration of the encoder inside, where a model has one of its own around it."""
    return getattr(model.config, "encoder", None) or model.config


def cut_words(model: Any, words: Any, kept: list[int], tokenizer_json: dict[str, Any]) -> dict[str, Any]:
    """Keep the tokens `kept` (numbers, ascending) of a model's tables; return tokenizer.json with the new numbers."""
    old = model.get_input_embeddings()
    table = nn.Embedding(len(kept), old.embedding_dim)
    table.weight = nn.Parameter(old.weight.detach()[kept])
    new = {number: place for place, number in enumerate(kept)}
    table.padding_idx = new.get(old.padding_idx) if old.padding_idx is not None else None
    encoder = model.encoder if isinstance(model, EncoderClassifier) else model
    encoder.set_input_embeddings(table)
    config = config_of(model)
    config.vocab_size = len(kept)
    for name in ("pad_token_id", "bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id"):
        if getattr(config, name, None) is not None:
            setattr(config, name, new.get(getattr(config, name)))
    return _renumbered(tokenizer_json, new)


def _renumbered(said: dict[str, Any], new: dict[int, int]) -> dict[str, Any]:
    """Return a tokenizer.json whose vocabulary holds the tokens of `new`, {old number: new number}."""
    model = said["model"]
    if model["type"] == "Unigram":
        model["vocab"] = [model["vocab"][number] for number in new]
        if model.get("unk_id") is not None:
            model["unk_id"] = new[model["unk_id"]]
    else:
        model["vocab"] = {text: new[number] for text, number in model["vocab"].items() if number in new}
    for token in said.get("added_tokens") or []:
        token["id"] = new[token["id"]]
    for token in ((said.get("post_processor") or {}).get("special_tokens") or {}).values():
        token["ids"] = [new[number] for number in token["ids"]]
    return said


def words_used(words: Any, texts: Iterable[Any], tokenizer_json: dict[str, Any]) -> list[int] | None:
    """Return the numbers of the tokens that texts use, with all special ones and all single characters; None for a
    tokenizer whose pieces cannot be left out one by one."""
    model = tokenizer_json["model"]
    if model["type"] not in ("WordPiece", "Unigram"):
        return None
    pairs = (
        list(model["vocab"].items())
        if model["type"] == "WordPiece"
        else [(entry[0], place) for place, entry in enumerate(model["vocab"])]
    )
    prefix = model.get("continuing_subword_prefix") or "\u2581"
    kept = {number for text, number in pairs if len(text.removeprefix(prefix)) <= 1}
    kept |= {token["id"] for token in tokenizer_json.get("added_tokens") or []}
    if model.get("unk_id") is not None:
        kept.add(model["unk_id"])
    some = list(texts)
    for at in range(0, len(some), 1000):
        batch = some[at : at + 1000]
        found = words(batch, add_special_tokens=True, is_split_into_words=not isinstance(batch[0], str))
        kept |= {number for row in found["input_ids"] for number in row}
    return sorted(kept)


def save(model: Any, words: Any, folder: Path, facts: dict[str, Any], tokenizer_json: dict[str, Any] | None) -> None:
    """Write a student to a folder from which a training can begin: the encoder in the hub's layout, its head beside it."""
    from safetensors.torch import save_file

    words.save_pretrained(folder)
    if tokenizer_json is not None:
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer_json, ensure_ascii=False), encoding="utf-8")
    if isinstance(model, EncoderClassifier):
        model.encoder.save_pretrained(folder)
        head = {k: v.contiguous() for k, v in model.state_dict().items() if not k.startswith("encoder.")}
        save_file(head, folder / HEAD, metadata={"format": "pt"})
    else:
        model.save_pretrained(folder)
    (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")


def facts_of(folder: Path) -> dict[str, Any]:
    """Return what a student's folder says of it; {} for any other folder."""
    try:
        found: dict[str, Any] = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except OSError:
        return {}
    return found


def parameters(model: nn.Module) -> int:
    """Return how many numbers a model has."""
    return sum(p.numel() for p in model.parameters())
