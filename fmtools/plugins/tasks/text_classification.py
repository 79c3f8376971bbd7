"""text-classification: one label a text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset, Parts, Prepared
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
        from ...kit.rates import classifier_defaults

        return classifier_defaults(options)

    def prepare(self, data: Dataset, options: TrainOptions) -> Prepared:
        """Choose columns, check labels, split. Result columns: text (string), label (int32, an index into meta["labels"])."""
        from ...kit import labelled

        return labelled.prepare(data, options)

    def align(self, data: Dataset, meta: dict[str, Any]) -> Prepared:
        """Give other data this run's columns and label numbers. Raises DataError for a label the model does not know."""
        from ...kit import labelled

        return labelled.align(data, meta)

    def build(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], options: TrainOptions
    ) -> Parts:
        """Load encoder and tokenizer, tokenise every split, group the parameters for their two rates."""
        from ...kit import batches, encoders, losses, methods

        tokenizer = encoders.load_tokenizer(model_folder)
        model = methods.apply(encoders.build_classifier(model_folder, meta["labels"], options.pooling), options)
        rows = {
            name: batches.TextRows(tokenizer, table["text"].to_pylist(), table["label"].to_pylist(), options.max_length)
            for name, table in splits.items()
        }
        weights = losses.class_weights(splits["train"]["label"].to_pylist(), len(meta["labels"]))
        return Parts(
            model,
            tokenizer,
            rows["train"],
            rows["validation"],
            batches.PadTexts(tokenizer.pad_token_id or 0),
            methods.groups(model, options),
            probes=options.watch or [_probe(splits["validation"]["text"].to_pylist())],
            loss=losses.cross_entropy(weights if options.class_weights == "balanced" else None, options.label_smoothing),
        )

    def score(self, outputs: Any, truth: Any, meta: dict[str, Any]) -> dict[str, Any]:
        """Score logits [rows, labels] against label numbers [rows]."""
        from ...kit.metrics import classification_scores

        return classification_scores(outputs, truth, meta["labels"])

    def load(self, folder: Path) -> tuple[Any, Any]:
        """Load (model, tokenizer) of a trained folder."""
        from ...kit import encoders

        return encoders.load_classifier(folder), encoders.load_tokenizer(str(folder))

    def inputs(self, options: PredictOptions, data: Dataset | None, meta: dict[str, Any]) -> list[dict[str, Any]]:
        """Return {"text": ...} for each typed text and each row."""
        from ...kit import inputs

        return inputs.texts(options, data, meta.get("text_column"))

    def predict(self, loaded: Any, inputs: list[dict[str, Any]], options: PredictOptions) -> list[dict[str, Any]]:
        """Return for each input {"text", "label", "score", "top": [{"label", "score"}, ...]}, best first."""
        import pyarrow as pa

        from ...kit.metrics import softmax

        texts = [row["text"] for row in inputs]
        logits, _ = self.outputs(loaded, pa.table({"text": pa.array(texts, pa.string())}), 64)
        names = loaded[0].config.id2label
        return [_answer(text, row, names, options.top) for text, row in zip(texts, softmax(logits), strict=True)]

    def outputs(self, loaded: tuple[Any, Any], rows: pa.Table, batch_size: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Return logits [rows, labels] in the order of the rows, and the label numbers [rows] where there are any."""
        import numpy as np
        import torch

        from ...kit import batches

        model, tokenizer = loaded
        data = batches.TextRows(tokenizer, rows["text"].to_pylist(), None, _max_length(model))
        collate = batches.PadTexts(tokenizer.pad_token_id or 0)
        order = sorted(range(len(data)), key=data.lengths.__getitem__)
        logits = np.zeros((len(data), model.config.num_labels), np.float32)
        with torch.inference_mode():
            for i in range(0, len(order), batch_size):
                chosen = order[i : i + batch_size]
                batch = {k: v.to(model.device) for k, v in collate([data[j] for j in chosen]).items()}
                logits[chosen] = model(**batch).logits.float().cpu().numpy()
        truth = np.asarray(rows["label"]) if "label" in rows.column_names else None
        return logits, truth

    def attention(self, loaded: tuple[Any, Any], text: str) -> tuple[list[str], np.ndarray]:
        """Return (tokens [n], attention [layers, heads, n, n]); long texts are cut to 64 tokens to stay readable."""
        from ...kit.encoders import attention_of

        return attention_of(*loaded, text, 64)


    def baseline(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], split: str
    ) -> dict[str, Any]:
        """Score a logistic regression on the frozen model's embeddings, trained on the training rows."""
        from ...kit import encoders
        from ...kit.frozen import logistic_regression

        model, tokenizer = encoders.load_base(model_folder), encoders.load_tokenizer(model_folder)
        outputs = logistic_regression(model, tokenizer, model_folder, splits["train"], splits[split])
        scores = self.score(outputs, splits[split]["label"].to_numpy(), meta)
        return {"name": "logistic regression on frozen embeddings", **scores}


def _probe(texts: list[str]) -> str:
    """Return the sentence to watch when the user named none: the first of a readable length."""
    return next((text for text in texts if 4 <= len(text.split()) <= 12 or 6 <= len(text) <= 40), texts[0])


def _max_length(model: Any) -> int:
    encoder = getattr(model.config, "encoder", model.config)
    return min(int(getattr(encoder, "max_position_embeddings", 512)), 512)


def _answer(text: str, scores: np.ndarray, names: dict[int, str], top: int) -> dict[str, Any]:
    best = scores.argsort()[::-1][:top]
    ranked = [{"label": names[int(i)], "score": float(scores[i])} for i in best]
    return {"text": text, **ranked[0], "top": ranked}
