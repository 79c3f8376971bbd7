"""fill-mask: an encoder that guesses the missing words of a text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset, Parts, Prepared
from ...core.options import PredictOptions, TrainOptions

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


class FillMask:
    """Train an encoder on plain text: 15 % of the tokens are hidden, and it learns to say which they were."""

    name = "fill-mask"
    summary = "Guess the missing words of a text; makes an encoder at home in your field, or a new one from scratch."
    main_metric = "perplexity"

    def defaults(self, options: TrainOptions) -> dict[str, Any]:
        """A pretrained encoder with a new output layer, or BERT from scratch."""
        return {"model": "bert", "learning_rate": 1e-3} if options.from_scratch else {"learning_rate": 3e-4}

    def prepare(self, data: Dataset, options: TrainOptions) -> Prepared:
        """Choose the column and split. Result column: text (string)."""
        from ...kit.rows import documents

        return documents.prepare(data, options, documents.text_shape)

    def align(self, data: Dataset, meta: dict[str, Any]) -> Prepared:
        """Give other data this run's column."""
        from ...kit.rows import documents

        return documents.align(data, meta, documents.text_shape)

    def build(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], options: TrainOptions
    ) -> Parts:
        """Load or make the encoder, cut the texts into pieces, hide tokens."""
        from ...kit.models import mask_runs

        return mask_runs.parts(model_folder, splits, options)

    def score(self, outputs: Any, truth: Any, meta: dict[str, Any]) -> dict[str, Any]:
        """Return perplexity, loss (nats a hidden token) and accuracy of the hidden tokens."""
        from ...kit.models import mask_runs

        return mask_runs.score(outputs)

    def outcomes(self, outputs: Any, truth: Any, meta: dict[str, Any]) -> Any:
        """Return what happened on each row, for tests between runs (%fm_compare)."""
        from ...kit.scoring import row_outcomes

        return row_outcomes.tallies(outputs["tallies"])

    def load(self, folder: Path) -> tuple[Any, Any]:
        """Load (model, tokenizer) of a trained folder."""
        from ...kit.models import language_model

        return language_model.load(folder, "masked")

    def inputs(self, options: PredictOptions, data: Dataset | None, meta: dict[str, Any]) -> list[dict[str, Any]]:
        """Return {"text": ...} for each text with gaps: ___, [MASK] or <mask>."""
        from ...kit.rows import gaps

        return gaps.of(options, data, meta)

    def predict(self, loaded: Any, inputs: list[dict[str, Any]], options: PredictOptions) -> list[dict[str, Any]]:
        """Return for each text {"text", "score", "token", "token_str", "sequence", "top", "gaps"}: the best candidate of the
        first gap, all of it ("top"), and the candidates of every gap."""
        from ...kit.models import mask_runs

        return mask_runs.fill(loaded, inputs, options.top)

    def outputs(self, loaded: tuple[Any, Any], rows: pa.Table, batch_size: int) -> tuple[Any, Any]:
        """Return sums over each row's hidden tokens; which are hidden is always the same."""
        from ...kit.models import mask_runs

        return mask_runs.outputs(loaded, rows, batch_size)

    def attention(self, loaded: tuple[Any, Any], text: str) -> tuple[list[str], np.ndarray]:
        """Return (tokens [n], attention [layers, heads, n, n])."""
        from ...kit.models import mask_runs

        return mask_runs.attention(loaded, text)

    def baseline(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], split: str
    ) -> dict[str, Any]:
        """Score a unigram model of the training tokens on the hidden tokens of a split."""
        from ...kit.models import mask_runs

        return mask_runs.baseline(model_folder, splits, split)
