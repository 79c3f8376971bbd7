"""For each task: rows it learns from, options that train it within seconds, and a question to the trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import support

Rows = list[dict[str, Any]]
ODD = " <script>"
SMALL = {"layers": 1, "heads": 2, "width": 32, "max_length": 32, "batch_size": 8, "max_steps": 4, "watch_every": 0}


def rows_for(task: str) -> Rows:
    """Return rows of the kind that a task takes; a task that is not known here gets texts with labels."""
    plain = support.rows(60)
    makers: dict[str, Any] = {
        "token-classification": lambda row: {
            "tokens": row["text"].split(),
            "tags": ["B-THING" if word in support.THINGS else "O" for word in row["text"].split()],
        },
        "text-generation": lambda row: {"text": row["text"]},
        "fill-mask": lambda row: {"text": row["text"]},
        "translation": lambda row: {"source": row["text"], "target": row["text"].upper()},
        "summarization": lambda row: {
            "text": row["text"] + ". More follows.",
            "summary": row["text"].split(" and ")[0],
        },
        "question-answering": _question,
        "sentence-similarity": lambda row: {"question": row["text"], "answer": f"It is {row['label']}: {row['text']}"},
        "preference-tuning": lambda row: {
            "prompt": row["text"],
            "chosen": f" is {row['label']}",
            "rejected": " is not",
        },
        "custom": lambda row: {"size": float(len(row["text"])), "double": 2.0 * len(row["text"])},
    }
    make = makers.get(task)
    return [make(row) for row in plain] if make else [dict(row) for row in plain]


def _question(row: dict[str, str]) -> dict[str, Any]:
    context = f"They said {row['text']} yesterday."
    return {
        "context": context,
        "question": "What did they say?",
        "answers": {"text": [row["text"]], "answer_start": [context.index(row["text"])]},
    }


def options_for(task: str, tiny: Path) -> dict[str, Any]:
    """Return options with which a task trains within seconds."""
    if task in ("translation", "summarization", "text-generation"):
        return {**SMALL, "from_scratch": True, "sample_every": 0, "vocabulary": 300}
    if task == "preference-tuning":
        return {**SMALL, "model": _writer(tiny), "sample_every": 0}
    if task == "custom":
        return {"model": _line(), "label_column": "double", "max_steps": 4, "batch_size": 8}
    return {"model": str(tiny), "max_steps": 4, "batch_size": 8, "watch_every": 0}


def _writer(tiny: Path) -> str:
    """Save a GPT-2 of one layer that writes with the tiny encoder's tokenizer."""
    from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

    folder = tiny.parent / "tiny-writer"
    if not folder.is_dir():
        words = AutoTokenizer.from_pretrained(tiny)
        words.eos_token = words.bos_token = "[SEP]"
        config = GPT2Config(vocab_size=len(words), n_positions=64, n_embd=32, n_layer=1, n_head=2)
        config.eos_token_id = config.bos_token_id = words.sep_token_id
        GPT2LMHeadModel(config).save_pretrained(folder)
        words.save_pretrained(folder)
    return str(folder)


def _line() -> Any:
    import torch

    class Line(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weigh = torch.nn.Linear(1, 1)

        def forward(self, size: torch.Tensor, double: torch.Tensor | None = None) -> dict[str, torch.Tensor]:
            found = self.weigh(size.unsqueeze(-1) / 50).squeeze(-1)
            answer = {"logits": found}
            if double is not None:
                answer["loss"] = torch.nn.functional.mse_loss(found, double / 50)
            return answer

    return Line()


def question_for(task: str) -> dict[str, Any]:
    """Return what to ask a trained model; its text carries markup, which must stay text."""
    special = {
        "question-answering": {"question": ["What did they say?"], "context": "They said good day." + ODD},
        "fill-mask": {"text": ["good [MASK] and bad day" + ODD]},
        "custom": {"data": [{"size": 12.0}]},
    }
    if task in ("text-generation", "translation", "summarization", "preference-tuning"):
        return {"text": ["good day" + ODD], "max_new_tokens": 4}
    return special.get(task, {"text": ["good day" + ODD]})


def baseline_for(task: str, tiny: Path) -> dict[str, Any]:
    """Return the model of a task's baseline, where it needs one."""
    asked = options_for(task, tiny)
    if task == "custom":
        return {"label_column": asked["label_column"]}
    return {"model": asked["model"]} if isinstance(asked.get("model"), str) else {}
