"""token-classification: a tag a token - names, places, organisations, parts of speech."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset, Parts, Prepared
from ...core.errors import FmError
from ...core.options import PredictOptions, TrainOptions

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

#: Sentences tagged at once in a prediction, and tokens of a sentence whose attention is drawn.
AT_ONCE, DRAWN = 64, 64


class TokenClassification:
    """Named entities and other tags: fine-tune an encoder with a linear layer over each token."""

    name = "token-classification"
    summary = "A tag for each token: persons, places, organisations, parts of speech."
    main_metric = "f1"

    def defaults(self, options: TrainOptions) -> dict[str, Any]:
        """A new architecture and an adapter want other rates than a pretrained model."""
        from ...kit.training.rates import classifier_defaults

        return classifier_defaults(options)

    def prepare(self, data: Dataset, options: TrainOptions) -> Prepared:
        """Choose columns, bring tags to one form, split. Columns: tokens (list of texts), tags (list of int32)."""
        from ...kit.rows import sentences

        return sentences.prepare(data, options)

    def align(self, data: Dataset, meta: dict[str, Any]) -> Prepared:
        """Give other data this run's form. Raises DataError for a tag the model does not know."""
        from ...kit.rows import sentences

        return sentences.align(data, meta)

    def build(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], options: TrainOptions
    ) -> Parts:
        """Load encoder and tokenizer, turn every sentence into windows of pieces, choose what is trained."""
        from ...kit.models import taggers, tokens
        from ...kit.training import losses, methods, vocabulary

        train = splits["train"]["tokens"].to_pylist()
        model, tokenizer = taggers.build(model_folder, meta, train, options)
        model = methods.apply(model, options)
        pieces = tokens.Pieces(tokenizer, meta["division"])
        tags = splits["train"]["tags"].to_pylist()
        rows = tokens.TaggedRows(pieces, train, tags, min(options.max_length, taggers.longest(model, tokenizer)))
        held = splits["validation"]
        longest = taggers.longest(model, tokenizer)
        seen = tokens.TaggedRows(pieces, held["tokens"].to_pylist(), held["tags"].to_pylist(), longest).by_length()
        if options.optimizer != "adafactor":  # its averages over the rows of a matrix would be others
            model = vocabulary.train_what_occurs(model, [*rows.input_ids, tokenizer.all_special_ids])
        weights = None
        if options.class_weights == "balanced":
            weights = losses.class_weights([tag for row in tags for tag in row], len(meta["labels"]))
        return Parts(
            model,
            tokenizer,
            rows,
            seen,
            tokens.PadTags(tokenizer.pad_token_id or 0),
            methods.groups(model, options),
            probes=options.watch or [taggers.probe(held["tokens"].to_pylist(), meta["division"])],
            loss=losses.cross_entropy(weights, options.label_smoothing),
            trainer_options={"preprocess_logits_for_metrics": taggers.chosen},
        )

    def score(self, outputs: Any, truth: Any, meta: dict[str, Any]) -> dict[str, Any]:
        """Score tags against the truth: entities, tokens, confusion of tags, the sentences that went wrong.

        `outputs` and `truth` are what `outputs` returns, or the Trainer's arrays [rows, longest] with -100 for no tag.
        """
        from ...kit.models.taggers import Tagged
        from ...kit.scoring import entities

        labels, plain = meta["labels"], meta["plain"]
        if not isinstance(outputs, Tagged):
            return entities.scores(*entities.from_batches(outputs, truth), labels, plain)
        found = entities.scores(outputs.tags, truth, labels, plain)
        found["details"] += entities.seen(outputs, truth, labels, plain, meta["division"])
        loss = outputs.loss()
        return {**found, "metrics": {**found["metrics"], **({} if loss is None else {"loss": loss})}}

    def outcomes(self, outputs: Any, truth: Any, meta: dict[str, Any]) -> Any:
        """Return what happened on each row, for tests between runs (%fm_compare)."""
        from ...kit.scoring import row_outcomes

        return row_outcomes.tags(outputs.tags, truth, meta["labels"], meta["plain"])

    def load(self, folder: Path) -> tuple[Any, Any]:
        """Load (model, tokenizer) of a trained folder."""
        from ...kit.models import taggers

        return taggers.load(folder)

    def inputs(self, options: PredictOptions, data: Dataset | None, meta: dict[str, Any]) -> list[dict[str, Any]]:
        """Return {"text": ...} for each typed text and each row with a text, {"tokens": [...]} for each row with tokens."""
        from ...kit.rows.tag_columns import find_text

        found: list[dict[str, Any]] = [{"text": text} for text in options.text]
        for table in data.splits.values() if data is not None else ():
            usual = meta["text_column"] if meta["text_column"] in table.column_names else None
            columns, _ = find_text(table, options.text_column or usual)
            key = "tokens" if columns.form == "lists" else "text"
            found += [_input(key, value) for value in table[columns.text].to_pylist()]
        if not found:
            raise FmError("There is nothing to predict.", 'Give --text "a sentence" or --data FILE.')
        return found

    def predict(self, loaded: Any, inputs: list[dict[str, Any]], options: PredictOptions) -> list[dict[str, Any]]:
        """Return for each input {"text", "entities": [{"entity_group", "score", "word", "start", "end"}], "tokens", "tags"}.

        start and end are offsets into the text; score is the mean over the entity's tokens.
        """
        from ...kit.models import taggers

        return taggers.answers(loaded, inputs, AT_ONCE)

    def outputs(self, loaded: tuple[Any, Any], rows: pa.Table, batch_size: int) -> tuple[Any, list[np.ndarray] | None]:
        """Return (kit.models.taggers.Tagged, the true tag numbers of each sentence), in the order of the rows."""
        import numpy as np

        from ...kit.models import taggers

        truth = rows["tags"].to_pylist() if "tags" in rows.column_names else None
        found = taggers.tag(loaded, rows["tokens"].to_pylist(), batch_size, truth)
        return found, None if truth is None else [np.asarray(tags, np.int64) for tags in truth]

    def attention(self, loaded: tuple[Any, Any], text: str) -> tuple[list[str], np.ndarray]:
        """Return (tokens [n], attention [layers, heads, n, n]); long texts are cut to 64 tokens to stay readable."""
        from ...kit.models import taggers

        return taggers.attention(loaded, text, DRAWN)

    def baseline(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], split: str
    ) -> dict[str, Any]:
        """Score the most frequent tag of each token in the training rows, O for one that is not there."""
        import numpy as np

        from ...kit.scoring import entities

        train, asked = (
            list(zip(splits[name]["tokens"].to_pylist(), splits[name]["tags"].to_pylist(), strict=True))
            for name in ("train", split)
        )
        known, usual = entities.most_frequent(train, meta["labels"])
        guesses = [np.array([known.get(token, usual) for token in tokens]) for tokens, _ in asked]
        found = entities.scores(guesses, [np.asarray(tags) for _, tags in asked], meta["labels"], meta["plain"])
        return {"name": "most frequent tag of each token", **found}


def _input(key: str, value: Any) -> dict[str, Any]:
    if key == "text":
        return {"text": "" if value is None else str(value)}
    return {"tokens": ["" if token is None else str(token) for token in value or []]}
