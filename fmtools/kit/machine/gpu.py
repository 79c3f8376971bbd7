"""Training on an NVIDIA or AMD card: the settings that feed it, and its memory and clock in place of the machine's.

Without a card everything here answers for the machine, so callers need not ask which it is.
"""

from __future__ import annotations

from typing import Any

import torch

from . import rss
from . import usage as cost_machine

#: Processes that make batches beside the training, where a batch draws nothing at random.
LOADERS = 2


def is_used() -> bool:
    """Say whether trainings run on a card."""
    return bool(torch.cuda.is_available())


def kind() -> str:
    """Return what trainings run on: "cuda", "mps" or "cpu"."""
    return "cuda" if is_used() else "mps" if torch.backends.mps.is_available() else "cpu"


def arguments(device: str, collate: Any) -> dict[str, Any]:
    """Return the TrainingArguments that a device wants; `collate` makes the batches.

    A card waits for nothing: batches come from pinned memory without stopping it, and other processes make them where that
    changes no random number: a collate function says so with `draws_nothing`.
    """
    if device != "cuda":
        return {"use_cpu": device == "cpu", "dataloader_pin_memory": False}
    loaders = LOADERS if getattr(collate, "draws_nothing", False) else 0
    return {
        "use_cpu": False,
        "dataloader_pin_memory": True,
        "accelerator_config": {"non_blocking": True},
        "dataloader_num_workers": loaders,
    }


def prepare(device: str) -> None:
    """Let a card compute what is left in float32 with its tensor cores (TF32). Other devices stay as they are."""
    if device == "cuda":
        torch.set_float32_matmul_precision("high")


def one_card(args: Any) -> Any:
    """Return TrainingArguments that use one card: of several, the Trainer would multiply the batch by their number."""
    if args.n_gpu > 1:
        args._n_gpu = 1
    return args


def settle() -> None:
    """Return when the card has done what it was given: what a clock says before is the time of asking."""
    if is_used():
        torch.cuda.synchronize()


def resident() -> int:
    """Return the bytes that this process holds: on the card, else in memory."""
    return int(torch.cuda.memory_allocated()) if is_used() else rss.resident()


def peak_resident() -> int:
    """Return the most bytes that this process held, with what the allocator keeps: a card is full when that does not fit."""
    return int(torch.cuda.max_memory_reserved()) if is_used() else cost_machine.peak_resident()


def forget_peak() -> None:
    """Let `peak_resident` begin anew from here."""
    if is_used():
        torch.cuda.reset_peak_memory_stats()
    else:
        cost_machine.forget_peak()


def give_back() -> None:
    """Give back what is kept free for the next tensors: what is held then is what is used."""
    cost_machine.give_back()
    if is_used():
        torch.cuda.empty_cache()


def room() -> rss.Room:
    """Return the memory that this process may still take: the card's, else the machine's."""
    if not is_used():
        return rss.room()
    free, total = torch.cuda.mem_get_info()
    return rss.Room(int(free + torch.cuda.memory_reserved() - torch.cuda.memory_allocated()), int(total))
