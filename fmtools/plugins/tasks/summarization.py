"""summarization: the short of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...core.options import TrainOptions
from ...kit.models.rewriting_task import Rewriting
from ...kit.words.segments import sentences

if TYPE_CHECKING:
    import pyarrow as pa

#: Training rows on which the number of leading sentences is chosen.
TRIED = 300


class Summarization(Rewriting):
    """Fine-tune an encoder-decoder (T5, BART, mBART), or train a small one from scratch."""

    name = "summarization"
    summary = "The short of a text: fine-tune an encoder-decoder, or train one from scratch."
    main_metric = "rougel"
    measures = ("rouge", "bleu")
    key = "summary_text"
    shorter_target = True

    def defaults(self, options: TrainOptions) -> dict[str, Any]:
        """As all that rewrites; articles are longer than sentences."""
        return {"max_length": 512, **super().defaults(options)}

    def baseline(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], split: str
    ) -> dict[str, Any]:
        """Score the first sentences of each text, one to three of them: as many as do best on training rows."""
        from ...kit.scoring.written import rouge

        train = [splits["train"][side].to_pylist()[:TRIED] for side in ("source", "target")]
        best = max((1, 2, 3), key=lambda n: rouge([lead(s, n) for s in train[0]], train[1], meta["script"])["rougel"])
        sources, targets = (splits[split][side].to_pylist() for side in ("source", "target"))
        written = [lead(source, best) for source in sources]
        found = self.score({"written": written}, list(zip(sources, targets, strict=True)), meta)
        return {"name": "the first sentence" if best == 1 else f"the first {best} sentences", **found}


def lead(text: str, count: int) -> str:
    """Return the first sentences of a text."""
    found = sentences(text)
    return text[found[0][0] : found[min(count, len(found)) - 1][1]] if found else text
