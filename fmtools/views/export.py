"""A written model beside its original: what it is, where, how far its answers are, how it scores, how it is opened."""

from __future__ import annotations

from typing import Any

from .language import say
from .markup import MUTED, esc, table
from .tables import plain
from .words import size_words


def _title(card: dict[str, Any], size: int) -> str:
    method = f", {card['method']}" if card.get("method") else ""
    return f"{card['name']}: {card['format']}{method}, {size_words(size)}"


def _scores(card: dict[str, Any]) -> list[list[str]]:
    before, after = card["metrics_of_original"], card["metrics"]
    return [
        [name, f"{before[name]:.4f}", f"{after[name]:.4f}", f"{round(after[name] - before[name], 4) + 0.0:+.4f}"]
        for name in after
        if name in before
    ]


def _header() -> list[str]:
    return [say("metric"), say("original"), say("exported"), say("difference")]


def verdict(card: dict[str, Any]) -> str:
    """Say how far the answers of the written model are from the original's."""
    said = say("Largest difference of an output, on {rows} rows in a fresh process: {value}.")
    return said.format(rows=f"{card['rows']:,}", value=f"{card['max_abs_diff']:.2g}")


def opening(card: dict[str, Any], path: str) -> str:
    """Return the lines that open it without fmtools; "" for a format that has none so short."""
    lines = OPEN.get(card["format"], "")
    return "\n".join(lines.format(path=path, file=file) for file in card.get("files", {}).values())


#: For each file of a format, what opens it.
OPEN = {
    "onnx": 'onnxruntime.InferenceSession("{path}/{file}")',
    "torch-export": 'torch.export.load("{path}/{file}").module()',
    "executorch": 'executorch.runtime.Runtime.get().load_program("{path}/{file}").load_method("forward")',
    "gguf": "llama-cli -m {path}/{file}",
    "bundle": "cd {path} && python run.py   # README.md: Docker, Kubernetes",
    "triton": "tritonserver --model-repository {path}/model_repository",
}


def text(card: dict[str, Any], path: str, size: int) -> str:
    """Return the card for terminals."""
    return "\n".join([_title(card, size), path, verdict(card), plain(_header(), _scores(card))])


def html(card: dict[str, Any], path: str, size: int) -> str:
    """Return the card for notebooks."""
    rows = [[esc(cell) for cell in row] for row in _scores(card)]
    lines = opening(card, path)
    return (
        f'<div><b>{esc(_title(card, size))}</b></div><div style="{MUTED}">{esc(path)}</div>'
        f"<div>{esc(verdict(card))}</div>{table([esc(word) for word in _header()], rows)}"
        + (
            f"<details><summary>{esc(say('open it without fmtools'))}</summary><pre>{esc(lines)}</pre></details>"
            if lines
            else ""
        )
    )
