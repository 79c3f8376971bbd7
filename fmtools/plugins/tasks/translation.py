"""translation: a text in one language from the same in another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...kit.models.rewriting_task import Rewriting

if TYPE_CHECKING:
    import pyarrow as pa


class Translation(Rewriting):
    """Fine-tune an encoder-decoder (T5, Marian, mBART), or train a small one from scratch."""

    name = "translation"
    summary = "A text in another language: fine-tune an encoder-decoder, or train one from scratch."
    main_metric = "bleu"
    measures = ("bleu",)
    key = "translation_text"

    def baseline(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], split: str
    ) -> dict[str, Any]:
        """Score the source itself as its translation: names, numbers and placeholders are right at once."""
        sources, targets = (splits[split][side].to_pylist() for side in ("source", "target"))
        found = self.score({"written": sources}, list(zip(sources, targets, strict=True)), meta)
        return {"name": "a copy of the source", **found}
