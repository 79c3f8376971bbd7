"""text-generation: a model that goes on writing, or answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset, Parts, Prepared
from ...core.options import PredictOptions, TrainOptions

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


class TextGeneration:
    """Fine-tune a decoder on documents or conversations, or make one from scratch."""

    name = "text-generation"
    summary = "Go on writing, or answer: documents, chats, questions with answers; fine-tuned or from scratch."
    main_metric = "perplexity"

    def defaults(self, options: TrainOptions) -> dict[str, Any]:
        """SmolLM2 to fine-tune, GPT-2 from scratch; rates by what is trained."""
        if not options.from_scratch:
            rate = 3e-4 if options.method == "lora" else 5e-5
            return {"model": "smollm2", "learning_rate": rate, "batch_size": 4, "max_length": 256, "epochs": 1.0}
        usual = {"model": "gpt2", "learning_rate": 1e-3, "warmup": 0.05, "schedule": "cosine"}
        return {**usual, "learning_rate": 4e-3, "layers": 2} if options.model == "lstm" else usual

    def prepare(self, data: Dataset, options: TrainOptions) -> Prepared:
        """Choose columns and split. Result column: text (a document), or messages (a conversation, as JSON)."""
        from ...kit.rows import documents

        return documents.prepare(data, options)

    def align(self, data: Dataset, meta: dict[str, Any]) -> Prepared:
        """Give other data the form of this run's: documents or conversations."""
        from ...kit.rows import documents

        return documents.align(data, meta)

    def build(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], options: TrainOptions
    ) -> Parts:
        """Load or make the model, cut the texts into blocks (or take a row a text, or a conversation)."""
        from ...kit.models import language_runs

        return language_runs.parts(model_folder, splits, options)

    def score(self, outputs: Any, truth: Any, meta: dict[str, Any]) -> dict[str, Any]:
        """Return perplexity, loss (nats a token), accuracy of the likeliest token, bits per character and per byte."""
        from ...kit.models import language_runs

        return language_runs.score(outputs, truth)

    def outcomes(self, outputs: Any, truth: Any, meta: dict[str, Any]) -> Any:
        """Return what happened on each row, for tests between runs (%fm_compare)."""
        from ...kit.scoring import row_outcomes

        return row_outcomes.tallies(outputs["tallies"], "blocks")

    def load(self, folder: Path) -> tuple[Any, Any]:
        """Load (model, tokenizer) of a trained folder."""
        from ...kit.models import language_model

        return language_model.load(folder, "causal")

    def inputs(self, options: PredictOptions, data: Dataset | None, meta: dict[str, Any]) -> list[dict[str, Any]]:
        """Return {"text"} for each typed text and each row, and {"messages"} too where conversations were learned."""
        from ...kit.rows import prompts

        return prompts.of(options, data, meta)

    def predict(self, loaded: Any, inputs: list[dict[str, Any]], options: PredictOptions) -> list[dict[str, Any]]:
        """Return {"text", "generated_text"}: the answer in a conversation; else the text with what was written after it."""
        from ...kit.models import language_runs
        from ...kit.models.generate import Sampling

        written = language_runs.go_on(loaded, inputs, Sampling.of(options))
        return [
            {"text": row["text"], "generated_text": new if "messages" in row else row["text"] + new}
            for row, new in zip(inputs, written, strict=True)
        ]

    def outputs(self, loaded: tuple[Any, Any], rows: pa.Table, batch_size: int) -> tuple[Any, Any]:
        """Return sums over each row's targets with what the model writes, and the text that the targets cover."""
        from ...kit.models import language_runs

        return language_runs.outputs(loaded, rows, batch_size)

    def attention(self, loaded: tuple[Any, Any], text: str) -> tuple[list[str], np.ndarray]:
        """Return (tokens [n], attention [layers, heads, n, n]): each token looks at itself and those before it."""
        from ...kit.models import looking

        return looking.attention(*loaded, text, special=False)

    def baseline(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], split: str
    ) -> dict[str, Any]:
        """Score counting: a unigram model of the training tokens; a bigram model beside it."""
        from ...kit.models import language_runs

        return language_runs.baseline(model_folder, splits, split)
