"""preference-tuning: from pairs of answers, one chosen and one rejected, through TRL's DPO trainer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset, Parts, Prepared
from ...core.errors import OptionError
from ...core.options import PredictOptions, TrainOptions

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


class PreferenceTuning:
    """A language model learns to prefer the chosen answers, without moving further than --beta allows from what it was."""

    name = "preference-tuning"
    summary = "Prefer chosen answers to rejected ones (DPO), held to the model it came from."
    main_metric = "reward_margin"

    def defaults(self, options: TrainOptions) -> dict[str, Any]:
        """An adapter is enough, and needs no second model as reference; one pass over the pairs."""
        method = options.method if "method" in options.model_fields_set else "lora"
        rate = 2e-4 if method == "lora" else 5e-6
        usual = {"model": "smollm2", "method": method, "learning_rate": rate}
        return {**usual, "batch_size": 4, "epochs": 1.0, "max_length": 256, "sample_every": 50}

    def prepare(self, data: Dataset, options: TrainOptions) -> Prepared:
        """Choose columns, tell plain texts from conversations, split by prompt. Raises DataError and OptionError."""
        from ...kit import extras
        from ...kit.rows import preference_data

        extras.need("trl", "trl", "llm")
        if options.from_scratch:
            raise OptionError(
                "Preferences are learned by a model that writes already.", "Train it with text-generation first."
            )
        if options.label_smoothing >= 0.5:
            raise OptionError(
                "--label-smoothing is the share of pairs labelled the wrong way round.", "Give less than 0.5."
            )
        return preference_data.prepare(data, options)

    def align(self, data: Dataset, meta: dict[str, Any]) -> Prepared:
        """Give other data the form of this run."""
        from ...kit.rows import preference_data

        return preference_data.align(data, meta)

    def build(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], options: TrainOptions
    ) -> Parts:
        """Load the model, tokenise the pairs, keep the reference."""
        from ...kit.models import preferences

        return preferences.parts(model_folder, splits, meta, options)

    def score(self, outputs: Any, truth: Any, meta: dict[str, Any]) -> dict[str, Any]:
        """Score log likelihoods [rows, 2] against those of the first model; see kit.models.preferences."""
        from ...kit.models import preferences

        return preferences.score(outputs, truth, meta["beta"], meta["form"])

    def outcomes(self, outputs: Any, truth: Any, meta: dict[str, Any]) -> Any:
        """Return what happened on each row, for tests between runs (%fm_compare)."""
        from ...kit.scoring import row_outcomes

        return row_outcomes.preferences(outputs, meta["beta"])

    def load(self, folder: Path) -> Any:
        """Return (model, tokenizer, folder) of a trained folder."""
        from ...kit.models import language_model

        return *language_model.load(folder, "causal"), folder

    def inputs(self, options: PredictOptions, data: Dataset | None, meta: dict[str, Any]) -> list[dict[str, Any]]:
        """Return {"text"} for each prompt, and {"messages"} too where conversations were learned."""
        from ...kit.rows import prompts

        return prompts.of(options, data, {**meta, "text_column": meta["prompt"]})

    def predict(self, loaded: Any, inputs: list[dict[str, Any]], options: PredictOptions) -> list[dict[str, Any]]:
        """Return {"text", "generated_text"}: the answer in a conversation; else the text with what was written after it."""
        from ...kit.models import preferences
        from ...kit.models.generate import Sampling

        written = preferences.answers(loaded[:2], inputs, Sampling.of(options))
        return [
            {"text": row["text"], "generated_text": new if "messages" in row else row["text"] + new}
            for row, new in zip(inputs, written, strict=True)
        ]

    def outputs(self, loaded: Any, rows: pa.Table, batch_size: int) -> tuple[Any, Any]:
        """Return log likelihoods of both answers under the trained and the first model, and the rows themselves."""
        from ...kit.models import preferences

        return preferences.outputs(loaded, rows), rows.to_pylist()

    def attention(self, loaded: Any, text: str) -> tuple[list[str], np.ndarray]:
        """Return (tokens [n], attention [layers, heads, n, n]): each token looks at itself and those before it."""
        from ...kit.models import looking

        return looking.attention(*loaded[:2], text, special=False)

    def baseline(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], split: str
    ) -> dict[str, Any]:
        """Score the model as it came: its margin is 0, and likelihood_accuracy says which answers it finds likelier."""
        from ...kit.models import preferences

        return preferences.baseline(model_folder, splits[split], meta)
