"""text-classification: one label a text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset, Parts, Prepared
from ...core.errors import ModelError
from ...core.options import PredictOptions, TrainOptions

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


class TextClassification:
    """Sentiment, topic, intent: fine-tune an encoder with a pooled head."""

    name = "text-classification"
    summary = "One label for a text: sentiment, topic, intent."
    main_metric = "accuracy"

    def defaults(self, options: TrainOptions) -> dict[str, Any]:
        """A new architecture and a frozen one want other rates than a pretrained one."""
        from ...kit.training.rates import classifier_defaults

        return classifier_defaults(options)

    def prepare(self, data: Dataset, options: TrainOptions) -> Prepared:
        """Choose columns, check labels, split. Result columns: text (string), label (int32, an index into meta["labels"])."""
        from ...kit.rows import labelled

        return labelled.prepare(data, options)

    def align(self, data: Dataset, meta: dict[str, Any]) -> Prepared:
        """Give other data this run's columns and label numbers. Raises DataError for a label the model does not know."""
        from ...kit.rows import labelled

        return labelled.align(data, meta)

    def build(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], options: TrainOptions
    ) -> Parts:
        """Load encoder and tokenizer, tokenise every split, group the parameters for their two rates."""
        from ...kit.models import classifiers
        from ...kit.training import losses, methods, vocabulary
        from ...kit.training.batches import PadTexts

        model, tokenizer = classifiers.build(model_folder, splits["train"], meta, options)
        model = methods.apply(model, options)
        rows = {name: classifiers.rows(tokenizer, table, meta, options.max_length) for name, table in splits.items()}
        if options.optimizer != "adafactor":  # its averages over the rows of a matrix would be others
            model = vocabulary.train_what_occurs(model, [*rows["train"].input_ids, tokenizer.all_special_ids])
        probe = options.watch or [_probe(splits["validation"]["text"].to_pylist())]
        return Parts(
            model,
            tokenizer,
            rows["train"],
            rows["validation"],
            PadTexts(tokenizer.pad_token_id or 0),
            methods.groups(model, options),
            probes=probe if classifiers.has_attention(model) else [],
            loss=None
            if meta.get("multi_label")
            else losses.for_labels(splits["train"]["label"], len(meta["labels"]), options),
        )

    def score(self, outputs: Any, truth: Any, meta: dict[str, Any]) -> dict[str, Any]:
        """Score logits [rows, labels] against label numbers [rows], or against 0 and 1 for each label [rows, labels]."""
        from ...kit.scoring import metrics

        if meta.get("multi_label"):
            return metrics.multi_label_scores(outputs, truth, meta["labels"])
        return metrics.classification_scores(outputs, truth, meta["labels"], meta.get("texts"))

    def outcomes(self, outputs: Any, truth: Any, meta: dict[str, Any]) -> Any:
        """Return what happened on each row, for tests between runs (%fm_compare)."""
        from ...kit.scoring import row_outcomes

        return row_outcomes.classes(outputs, truth)

    def load(self, folder: Path) -> tuple[Any, Any]:
        """Load (model, tokenizer) of a trained folder."""
        from ...kit.models import classifiers, encoders

        return classifiers.load(folder), encoders.load_tokenizer(str(folder))

    def inputs(self, options: PredictOptions, data: Dataset | None, meta: dict[str, Any]) -> list[dict[str, Any]]:
        """Return {"text": ...}, with "pair" where rows have two texts, for each typed text and each row."""
        from ...kit.rows import inputs

        if meta.get("pair_column"):
            return inputs.pairs(options, data, meta)
        return inputs.texts(options, data, meta.get("text_column"))

    def predict(self, loaded: Any, inputs: list[dict[str, Any]], options: PredictOptions) -> list[dict[str, Any]]:
        """Return for each input {"text", "label", "score", "top": [{"label", "score"}, ...]}, best first.

        With several labels a row also "labels", those above one half; scores are then probabilities of each by itself."""
        import pyarrow as pa

        from ...kit.scoring.metrics import sigmoid, softmax

        names = ("text", "pair") if any("pair" in row for row in inputs) else ("text",)
        table = pa.table({name: pa.array([row.get(name, "") for row in inputs], pa.string()) for name in names})
        logits, _ = self.outputs(loaded, table, 64)
        labels, several = loaded[0].config.id2label, _is_multi(loaded[0])
        scores = sigmoid(logits) if several else softmax(logits)
        return [_answer(row, found, labels, options.top, several) for row, found in zip(inputs, scores, strict=True)]

    def outputs(self, loaded: tuple[Any, Any], rows: pa.Table, batch_size: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Return logits [rows, labels] in the order of the rows, and the truth where there is any: label numbers [rows], or
        0 and 1 for each label [rows, labels]."""
        from ...kit.models import classifiers

        return classifiers.outputs(*loaded, rows, batch_size, _is_multi(loaded[0]))

    def attention(self, loaded: tuple[Any, Any], text: str) -> tuple[list[str], np.ndarray]:
        """Return (tokens [n], attention [layers, heads, n, n]); long texts are cut to 64 tokens to stay readable.

        Raises ModelError for a model without attention."""
        from ...kit.models import classifiers
        from ...kit.models.encoders import attention_of

        if not classifiers.has_attention(loaded[0]):
            raise ModelError(
                "An LSTM has no attention to show.", "Choose a model with attention, such as bert or minilm."
            )
        return attention_of(*loaded, text, 64)

    def baseline(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], split: str
    ) -> dict[str, Any]:
        """Score a logistic regression on the frozen model's embeddings, trained on the training rows."""
        from ...kit.models import encoders
        from ...kit.models.frozen import logistic_regression, most_frequent

        if not model_folder or meta.get("multi_label"):
            return {
                "name": "most frequent label",
                **self.score(*most_frequent(splits["train"], splits[split], meta), meta),
            }
        model, tokenizer = encoders.load_base(model_folder), encoders.load_tokenizer(model_folder)
        outputs = logistic_regression(model, tokenizer, model_folder, splits["train"], splits[split])
        scores = self.score(outputs, splits[split]["label"].to_numpy(), meta)
        return {"name": "logistic regression on frozen embeddings", **scores}


def _probe(texts: list[str]) -> str:
    """Return the sentence to watch when the user named none: the first of a readable length."""
    return next((text for text in texts if 4 <= len(text.split()) <= 12 or 6 <= len(text) <= 40), texts[0])


def _is_multi(model: Any) -> bool:
    return bool(model.config.problem_type == "multi_label_classification")


def _answer(row: dict[str, Any], scores: np.ndarray, names: dict[int, str], top: int, several: bool) -> dict[str, Any]:
    best = scores.argsort()[::-1][:top]
    ranked = [{"label": names[int(i)], "score": float(scores[i])} for i in best]
    found = {"labels": [names[int(i)] for i in (scores > 0.5).nonzero()[0]]} if several else {}
    return {**row, **ranked[0], **found, "top": ranked}
