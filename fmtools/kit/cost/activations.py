"""How much a batch keeps for its backward pass, counted on one or two rows: no large memory is touched to find out."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from .model import fit


def saved_bytes(trainer: Any, batch: dict[str, Any]) -> int:
    """Return the bytes that a forward pass over a batch keeps, parameters and buffers excepted; each storage once."""
    model = trainer.model
    own = {tensor.untyped_storage().data_ptr() for tensor in (*model.parameters(), *model.buffers())}
    found: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            found[storage.data_ptr()] = storage.nbytes()
        # A node that holds its own output would be a cycle that no collector sees: the model would never be freed.
        return tensor.detach()

    inputs = trainer._prepare_inputs(dict(batch))
    hooks = torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor)
    with trainer.kernels(), hooks, trainer.compute_loss_context_manager():
        loss = trainer.compute_loss(model, inputs)
    del loss
    return sum(found.values())


def shape_of(batch: dict[str, Any]) -> tuple[int, float, float]:
    """Return (rows, tokens with padding, tokens times length) of a collated batch, whatever the task calls its inputs."""
    ids = [v for name, v in batch.items() if name.endswith("input_ids") and hasattr(v, "shape") and v.ndim == 2]
    if not ids:
        rows = next((len(v) for v in batch.values() if hasattr(v, "shape") and v.ndim), 1)
        return rows, float(rows), float(rows)
    tokens = [float(v.numel()) for v in ids]
    return len(ids[0]), sum(tokens), sum(t * v.shape[1] for t, v in zip(tokens, ids, strict=True))


def per_token(trainer: Any, collate: Any, rows: Any, lengths: list[int]) -> list[float]:
    """Return bytes [once, a token, a squared token] that a batch keeps, from the longest and a middling row."""
    order = np.argsort(lengths)
    longest, middle = int(order[-1]), int(order[len(order) // 2])
    features, sizes = [], []
    trainer.model.train()
    for chosen in ([middle], [longest], [longest, longest]):
        batch = collate([rows[i] for i in chosen])
        _, tokens, squared = shape_of(batch)
        features.append((1.0, tokens, squared))
        sizes.append(float(saved_bytes(trainer, batch)))
    return fit(np.asarray(features), np.asarray(sizes))
