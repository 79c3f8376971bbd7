"""sentence-similarity: vectors in which texts that belong together lie close; through sentence-transformers' trainer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset, Parts, Prepared
from ...core.errors import OptionError
from ...core.options import PredictOptions, TrainOptions

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


class SentenceSimilarity:
    """Search, duplicates, likeness: fine-tune an encoder's sentence vectors on pairs, triplets or scored pairs."""

    name = "sentence-similarity"
    summary = "Vectors of texts for search and comparison, learned from pairs, triplets or scored pairs."
    main_metric = "recall_at_1"

    def defaults(self, options: TrainOptions) -> dict[str, Any]:
        """Larger batches give more wrong answers to tell apart; pretrained vectors are moved gently."""
        usual = {"batch_size": 32, "max_length": 256}
        if options.from_scratch:
            return {**usual, "model": "bert", "learning_rate": 1e-3}
        return {**usual, "learning_rate": 5e-4 if options.method == "lora" else 5e-5}

    def prepare(self, data: Dataset, options: TrainOptions) -> Prepared:
        """Choose columns, tell the kind of rows, split by texts and ids. Raises DataError; OptionError for --method head."""
        from ...kit import extras
        from ...kit.rows import partners

        extras.need("sentence_transformers", "sentence-transformers", "embed")
        if options.method == "head" and not options.from_scratch:
            raise OptionError(
                "Sentence vectors have no head of their own to train.", "Use --method last-layers or lora."
            )
        prepared = partners.prepare(data, options)
        if prepared.meta["kind"] in ("scored", "labelled") and options.metric is None:
            options.metric = "spearman"  # there is no search among such rows
        return prepared

    def align(self, data: Dataset, meta: dict[str, Any]) -> Prepared:
        """Give other data the columns of this run."""
        from ...kit.rows import partners

        return partners.align(data, meta)

    def build(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], options: TrainOptions
    ) -> Parts:
        """Load the encoder (or make one), apply the method to it, and choose the loss for the kind of rows."""
        from sentence_transformers import SentenceTransformerTrainingArguments

        from ...kit.models import similarity
        from ...kit.training import methods, vocabulary

        learned = splits["train"]
        texts = [text for name in learned.column_names if name != "score" for text in learned[name].to_pylist()]
        model = similarity.build(model_folder, texts, options)
        # An adapter is put into the encoder's own layers: the modules around it see the same encoder.
        trained = methods.apply(model[0].auto_model, options)
        if options.optimizer != "adafactor":  # its averages over the rows of a matrix would be others
            trained = vocabulary.train_what_occurs(trained, similarity.pieces(model, learned))
        return Parts(
            model,
            model.tokenizer,
            similarity.rows(learned),
            similarity.rows(splits["validation"]),
            None,
            methods.groups(trained, options),
            probes=options.watch or texts[:1],
            validate="loss",
            trainer=similarity.EmbeddingTrainer,
            arguments=SentenceTransformerTrainingArguments,
            trainer_options={
                "loss": similarity.loss_of(meta["kind"], model),
                "scores": lambda: self.score(*self.outputs(model, splits["validation"], 64), meta)["metrics"],
            },
            argument_options={"prompts": similarity.prompts(model, learned.column_names)},
            save=lambda folder: similarity.save(model, trained, folder),
        )

    def score(self, outputs: Any, truth: Any, meta: dict[str, Any]) -> dict[str, Any]:
        """Score a search among all texts of the split, or cosines against the scores asked for; see kit.scoring.likeness."""
        from ...kit.scoring import likeness

        return likeness.score(outputs, truth, meta["kind"])

    def outcomes(self, outputs: Any, truth: Any, meta: dict[str, Any]) -> Any:
        """Return what happened on each row, for tests between runs (%fm_compare)."""
        from ...kit.scoring import row_outcomes

        return row_outcomes.rankings(outputs, truth, self.main_metric)

    def load(self, folder: Path) -> Any:
        """Load a trained folder as a SentenceTransformer."""
        from ...kit.models import similarity

        return similarity.load(str(folder))

    def inputs(self, options: PredictOptions, data: Dataset | None, meta: dict[str, Any]) -> list[dict[str, Any]]:
        """Return {"text"} for vectors, {"text", "pair"} for likeness, or {"text", "search"} with the texts of --data."""
        from ...kit.asking import searching

        return searching.inputs(options, data, meta)

    def predict(self, loaded: Any, inputs: list[dict[str, Any]], options: PredictOptions) -> list[dict[str, Any]]:
        """Return {"text", "embedding", "dimension"}, {"text", "pair", "score"} or {"text", "top": [{"text", "score", "row"}]}."""
        from ...kit.asking import searching

        return searching.answers(self._encode(loaded), inputs, options.top)

    def outputs(self, loaded: Any, rows: pa.Table, batch_size: int) -> tuple[Any, Any]:
        """Return (vectors, truth) of prepared rows; see kit.scoring.likeness."""
        from ...kit.scoring import likeness

        columns = set(rows.column_names)
        kind = "scored" if "score" in columns else "triplets" if "negative" in columns else "pairs"
        return likeness.outputs(self._encode(loaded, batch_size), rows, kind)

    def _encode(self, loaded: Any, batch_size: int = 64) -> Any:
        from ...kit.models import similarity

        return lambda texts, asks: similarity.embed(
            loaded, texts, similarity.ASKING if asks else similarity.FOUND, batch_size
        )

    def attention(self, loaded: Any, text: str) -> tuple[list[str], np.ndarray]:
        """Return (tokens [n], attention [layers, heads, n, n]) of the encoder, behind the prompt of a text that asks."""
        from ...kit.models import looking, similarity

        model = loaded[0] if isinstance(loaded, tuple) else loaded
        return looking.attention(
            model[0].auto_model, model.tokenizer, similarity.prompt(model, similarity.ASKING) + text
        )

    def baseline(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], split: str
    ) -> dict[str, Any]:
        """Score the model as it came; a search by words (tf-idf) stands beside it."""
        from ...kit.scoring import details, likeness

        learned = splits["train"]
        words = likeness.tf_idf([text for name in ("anchor", "positive") for text in learned[name].to_pylist()])
        plain = self.score(*likeness.outputs(words, splits[split], meta["kind"]), meta)["metrics"]
        frozen = self.score(*self.outputs(self.load(Path(model_folder)), splits[split], 64), meta)
        rows = [[name, frozen["metrics"][name], plain.get(name)] for name in frozen["metrics"]]
        beside = details.detail("beside a search by words", ["metric", "frozen model", "tf-idf"], rows)
        return {**frozen, "name": "the model as it came", "details": [beside, *frozen["details"]]}
