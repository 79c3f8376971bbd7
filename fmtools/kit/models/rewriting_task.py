"""What translation and summarization share. Light: the kernel imports it; the worker's parts come from kit.models.seq2seq."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset, Parts, Prepared
from ...core.options import PredictOptions, TrainOptions
from ..training.rates import rewriter_defaults

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


class Rewriting:
    """One text from another: an encoder-decoder, pretrained or from scratch."""

    name: str
    summary: str
    main_metric: str
    #: Scores in the order of display (see kit.scoring.written), the hub's key of an answer, and whether targets are the shorter texts.
    measures: tuple[str, ...]
    key: str
    shorter_target = False

    def defaults(self, options: TrainOptions) -> dict[str, Any]:
        """Without a model one is made from scratch; rates by where the weights come from."""
        return rewriter_defaults(options)

    def prepare(self, data: Dataset, options: TrainOptions) -> Prepared:
        """Choose columns, leave empty rows out, split by source. Result columns: source, target (texts)."""
        from ..rows import two_texts

        prepared = two_texts.prepare(data, options, self.shorter_target)
        if options.from_scratch:
            prepared.notices.append(
                f"The weights begin at random ({options.model}): it takes many rows and epochs to write well."
            )
        return prepared

    def align(self, data: Dataset, meta: dict[str, Any]) -> Prepared:
        """Give other data the columns source and target."""
        from ..rows import two_texts

        return two_texts.align(data, meta, self.shorter_target)

    def inputs(self, options: PredictOptions, data: Dataset | None, meta: dict[str, Any]) -> list[dict[str, Any]]:
        """Return {"text": ...} for each typed text and each row."""
        from ..rows import two_texts

        return two_texts.inputs(options, data, meta)

    def build(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], options: TrainOptions
    ) -> Parts:
        """Load or make model and tokenizer, tokenise both sides, choose what is trained and what is looked at."""
        from ..training import methods
        from . import seq2seq

        pairs = {split: (t["source"].to_pylist(), t["target"].to_pylist()) for split, t in splits.items()}
        both = [text for pair in zip(*pairs["train"], strict=True) for text in pair]
        model, tokenizer = seq2seq.begin(model_folder, both, self.name, meta, options)
        model = methods.apply(model, options)
        rows = {
            name: seq2seq.PairRows(tokenizer, *pairs[name], seq2seq.limits_of(model))
            for name in ("train", "validation")
        }
        probes = options.watch or [_probe(pairs["validation"][0])]
        known = dict(zip(*pairs["validation"], strict=True))
        model.watched = {text: known[text] for text in probes if text in known}
        return Parts(
            model,
            tokenizer,
            rows["train"],
            rows["validation"],
            seq2seq.collator(model, tokenizer),
            methods.groups(model, options),
            probes=probes,
            validate="loss",
            derived=self._written(model, tokenizer, pairs["validation"], meta),
            loss=seq2seq.loss(options.label_smoothing),
            sample=_samples(
                model, tokenizer, options.watch or _spread(pairs["validation"][0], 2), options.sample_tokens
            ),
            trainer=seq2seq.WritingTrainer,
            arguments=seq2seq.Arguments,
            argument_options=seq2seq.arguments(model, options),
        )

    def _written(
        self, model: Any, tokenizer: Any, pairs: tuple[list[str], list[str]], meta: dict[str, Any]
    ) -> Callable[[dict[str, float]], dict[str, float]]:
        """Return a function that lets the model write from some validation sources, and scores that."""
        from ..rows.two_texts import SCORED
        from ..scoring import written
        from . import rewriting

        sources, targets = (_spread(side, SCORED) for side in pairs)

        def derived(known: dict[str, float]) -> dict[str, float]:
            texts = rewriting.greedy(model, tokenizer, sources)
            rows = list(zip(sources, targets, strict=True))
            metrics: dict[str, float] = written.scores(texts, rows, meta, self.measures)["metrics"]
            return metrics

        return derived

    def score(self, outputs: Any, truth: Any, meta: dict[str, Any]) -> dict[str, Any]:
        """Score {"written": texts, "loss": nats a token} against (source, target) pairs."""
        from ..scoring import written

        found = written.scores(outputs["written"], truth, meta, self.measures)
        return {**found, "metrics": {**found["metrics"], **({"loss": outputs["loss"]} if "loss" in outputs else {})}}

    def outcomes(self, outputs: Any, truth: Any, meta: dict[str, Any]) -> Any:
        """Return what happened on each row, for tests between runs (%fm_compare)."""
        from ..scoring import row_outcomes

        references = [reference for _, reference in truth]
        return row_outcomes.texts(outputs["written"], references, meta["script"], self.main_metric)

    def load(self, folder: Path) -> tuple[Any, Any]:
        """Load (model, tokenizer) of a trained folder."""
        from . import seq2seq

        return seq2seq.load(folder)

    def outputs(self, loaded: tuple[Any, Any], rows: pa.Table, batch_size: int) -> tuple[Any, Any]:
        """Return ({"written": [texts], "loss": nats a token}, [(source, target), ...]) in the order of the rows."""
        from . import rewriting

        sources, targets = rows["source"].to_pylist(), rows["target"].to_pylist()
        texts = rewriting.greedy(*loaded, sources, batch_size)
        loss = rewriting.loss(*loaded, sources, targets, batch_size)
        return {"written": texts, "loss": loss}, list(zip(sources, targets, strict=True))

    def predict(self, loaded: Any, inputs: list[dict[str, Any]], options: PredictOptions) -> list[dict[str, Any]]:
        """Return for each source {"text", KEY: what was written}, with "score" and the runners-up in "top" for beams."""
        from . import rewriting

        model, tokenizer = loaded
        found = rewriting.write(model, tokenizer, [row["text"] for row in inputs], rewriting.Manner.of(options))
        return [_answer(row["text"], self.key, answers) for row, answers in zip(inputs, found, strict=True)]

    def attention(self, loaded: tuple[Any, Any], text: str) -> tuple[list[str], np.ndarray]:
        """Return (tokens [n], attention [layers, heads, n, n]): source tokens, then written ones; see kit.models.rewriting."""
        from . import rewriting

        model, tokenizer = loaded
        return rewriting.attention(model, tokenizer, text, getattr(model, "watched", {}).get(text))


def _answer(text: str, key: str, answers: list[tuple[str, float | None]]) -> dict[str, Any]:
    if answers[0][1] is None:
        return {"text": text, key: answers[0][0]}
    ranked = [{key: written, "score": score} for written, score in answers]
    return {"text": text, **ranked[0], "top": ranked}


def _samples(model: Any, tokenizer: Any, sources: list[str], tokens: int) -> Callable[[], list[tuple[str, str]]]:
    from . import rewriting

    def sample() -> list[tuple[str, str]]:
        found = rewriting.write(model, tokenizer, sources, rewriting.Manner(tokens))
        return [(source, answers[0][0]) for source, answers in zip(sources, found, strict=True)]

    return sample


def _spread(texts: list[str], count: int) -> list[str]:
    """Return texts from all over the rows, not only their beginning."""
    return [texts[i * len(texts) // count] for i in range(count)] if len(texts) > count else texts


def _probe(texts: list[str]) -> str:
    """Return the source to watch when the user named none: the first of a readable length."""
    return next((text for text in texts if 4 <= len(text.split()) <= 12 or 6 <= len(text) <= 40), texts[0])
