"""question-answering: the answer to a question, marked in a text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset, Parts, Prepared
from ...core.options import PredictOptions, TrainOptions

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

#: Questions answered at once; validation questions that are answered while training.
AT_ONCE, SCORED = 32, 300


class QuestionAnswering:
    """Extractive answers: fine-tune an encoder with a head that marks where the answer begins and ends."""

    name = "question-answering"
    summary = "The answer to a question, marked in a text (SQuAD 1 and 2)."
    main_metric = "f1"

    def defaults(self, options: TrainOptions) -> dict[str, Any]:
        """Contexts are longer than sentences; a head over every token wants a lower rate than one over a pooled vector."""
        from ...kit.training.rates import classifier_defaults

        return {"max_length": 384, "head_learning_rate": 1e-3, **classifier_defaults(options)}

    def prepare(self, data: Dataset, options: TrainOptions) -> Prepared:
        """Choose columns, check that answers stand in their contexts, split by context. Columns: id, question, context, answers."""
        from ...kit.rows import questions

        prepared = questions.prepare(data, options)
        held = prepared.splits["validation"].num_rows
        if held > SCORED:
            prepared.notices.append(
                f"While training, {SCORED} of the {held:,} validation questions are answered and scored."
            )
        return prepared

    def align(self, data: Dataset, meta: dict[str, Any]) -> Prepared:
        """Give other data this run's columns."""
        from ...kit.rows import questions

        return questions.align(data, meta)

    def inputs(self, options: PredictOptions, data: Dataset | None, meta: dict[str, Any]) -> list[dict[str, Any]]:
        """Return {"question", "context"} for each typed question and each row."""
        from ...kit.rows import questions

        return questions.inputs(options, data, meta)

    def build(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], options: TrainOptions
    ) -> Parts:
        """Load encoder and tokenizer, lay windows over every context, choose what is trained."""
        from ...kit.models import spans
        from ...kit.training import methods, vocabulary

        train, held = splits["train"], splits["validation"]
        pairs, answers = spans.rows_of(train)
        texts = [text for question, context in dict.fromkeys(pairs) for text in (question, context)]
        model, tokenizer = spans.begin(model_folder, texts, options)
        spans.remember(model, tokenizer, [text for row in answers for _, text in row], meta["unanswerable"], options)
        model = methods.apply(model, options)
        windows = spans.training_windows(tokenizer, train, options.max_length)
        if options.optimizer != "adafactor":  # its averages over the rows of a matrix would be others
            model = vocabulary.train_what_occurs(model, [*windows.inputs["input_ids"], tokenizer.all_special_ids])
        return Parts(
            model,
            tokenizer,
            windows,
            spans.training_windows(tokenizer, held, options.max_length),
            spans.PadWindows(tokenizer.pad_token_id or 0),
            methods.groups(model, options),
            probes=options.watch or [_probe(*spans.rows_of(held))],
            validate="loss",
            derived=self._answered(model, tokenizer, held.slice(0, SCORED), meta),
            argument_options={"label_names": ["start_positions", "end_positions"]},
        )

    def _answered(
        self, model: Any, tokenizer: Any, rows: pa.Table, meta: dict[str, Any]
    ) -> Callable[[dict[str, float]], dict[str, float]]:
        """Return a function that lets the model answer validation questions, and scores that."""

        def derived(known: dict[str, float]) -> dict[str, float]:
            metrics: dict[str, float] = self.score(*self.outputs((model, tokenizer), rows, AT_ONCE), meta)["metrics"]
            return metrics

        return derived

    def score(self, outputs: Any, truth: Any, meta: dict[str, Any]) -> dict[str, Any]:
        """Score answers {"answer", "score"} against {"question", "answers"}: exact match and F1 of 100, as SQuAD's script."""
        from ...kit.scoring import answers

        return answers.scores(outputs, truth, meta)

    def outcomes(self, outputs: Any, truth: Any, meta: dict[str, Any]) -> Any:
        """Return what happened on each row, for tests between runs (%fm_compare)."""
        from ...kit.scoring import row_outcomes

        return row_outcomes.answers(outputs, truth, meta["script"])

    def load(self, folder: Path) -> tuple[Any, Any]:
        """Load (model, tokenizer) of a trained folder."""
        from ...kit.models import spans

        return spans.load(folder)

    def outputs(self, loaded: tuple[Any, Any], rows: pa.Table, batch_size: int) -> tuple[Any, Any]:
        """Return ([{"answer", "score", "start", "end"}], [{"question", "answers": [texts]}]) in the order of the rows."""
        from ...kit.models import spans

        (model, tokenizer), (pairs, truth) = loaded, _asked(rows)
        return [best[0] for best in spans.answer(model, tokenizer, pairs, batch_size)], truth

    def predict(self, loaded: Any, inputs: list[dict[str, Any]], options: PredictOptions) -> list[dict[str, Any]]:
        """Return {"text", "question", "context", "answer", "score", "start", "end", "top": [...]}; places are in the context."""
        from ...kit.models import spans

        model, tokenizer = loaded
        pairs = [(row["question"], row["context"]) for row in inputs]
        found = spans.answer(model, tokenizer, pairs, AT_ONCE, options.top)
        return [
            {"text": question, "question": question, "context": context, **best[0], "top": best}
            for (question, context), best in zip(pairs, found, strict=True)
        ]

    def attention(self, loaded: tuple[Any, Any], text: str) -> tuple[list[str], np.ndarray]:
        """Return (tokens [n], attention [layers, heads, n, n]) of "question, line feed, context" (or "question? context")."""
        from ...kit.models import spans

        return spans.attention(*loaded, text)

    def baseline(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], split: str
    ) -> dict[str, Any]:
        """Score answers that need no model: a sentence of the context, or a name in it, whichever does best on training rows."""
        from ...kit.asking.lexical import ANSWERS

        def scored(name: str, rows: pa.Table) -> dict[str, Any]:
            pairs, truth = _asked(rows)
            return self.score([{"answer": ANSWERS[name](*pair)} for pair in pairs], truth, meta)

        learned = splits["train"].slice(0, SCORED)
        best = max(ANSWERS, key=lambda name: float(scored(name, learned)["metrics"]["f1"]))
        return {"name": best, **scored(best, splits[split])}


def _asked(rows: pa.Table) -> tuple[list[tuple[str, str]], list[dict[str, Any]]]:
    """Return the (question, context) pairs of prepared rows, and the truth that `score` takes."""
    from ...kit.models import spans

    pairs, answers = spans.rows_of(rows)
    truth = [
        {"question": question, "answers": [text for _, text in known]}
        for (question, _), known in zip(pairs, answers, strict=True)
    ]
    return pairs, truth


def _probe(pairs: list[tuple[str, str]], answers: list[list[tuple[int, str]]]) -> str:
    """Return what to watch when the user named nothing: a question, and the words of the context around its answer."""
    places = [i for i, known in enumerate(answers) if known] or [0]
    chosen = min(places, key=lambda i: len(pairs[i][0]) + min(120, len(pairs[i][1])))
    question, context = pairs[chosen]
    start = answers[chosen][0][0] if answers[chosen] else 0
    left = context.rfind(" ", 0, max(0, start - 60)) + 1
    return f"{question}\n{context[left : start + 90]}"
