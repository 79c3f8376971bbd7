"""A module defined in a cell of a real kernel trains through the magic, in a worker that never saw the cell."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

import fmtools
from support import rows

CELLS = [
    "%load_ext fmtools",
    f"rows = {rows(60)!r}",
    """
import torch
from torch import nn
WIDTH = 8

class Net(nn.Module):
    def __init__(self, vocab_size, num_labels):
        super().__init__()
        self.words = nn.EmbeddingBag(vocab_size, WIDTH)
        self.out = nn.Linear(WIDTH, num_labels)

    def forward(self, input_ids, labels=None):
        logits = self.out(self.words(input_ids))
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        return {"loss": loss, "logits": logits, "longest": input_ids.shape[1]}
""",
    "run = %fm_train custom --model Net --data rows --epochs 2 --learning-rate 0.05",
    "print(run.status, sorted(run.metrics), run.config['model'])",
    'print(%fm_predict last --text "good day")',
    "wrong = 3\n%fm_train custom --model wrong --data rows",
    "net = Net(10, 2)\n%fm_train custom --model net --data rows --text-column labell",
]


@pytest.mark.slow
def test_a_class_from_a_cell_trains_by_its_name(store: Path) -> None:
    manager, client = start_new_kernel()
    said: list[str] = []

    def hook(message: dict[str, object]) -> None:
        content: dict[str, object] = message["content"]  # type: ignore[assignment]
        said.append(str(content.get("text", "")) + "\n".join(content.get("traceback", [])))  # type: ignore[call-overload]

    try:
        client.execute_interactive(
            f"import os; os.environ['FMTOOLS_HOME'] = {os.environ['FMTOOLS_HOME']!r}", timeout=60
        )
        for cell in CELLS:
            client.execute_interactive(cell, timeout=170, output_hook=hook)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    told = "".join(said)
    assert "done ['accuracy'" in told, told
    assert "'longest'" in told
    assert "Net" in told
    assert "--model wrong: the variable holds a int, not a module." in told
    assert "There is no column 'labell'" in told
    assert fmtools.attach("last").name.startswith("Net-")
