"""Scores and predictions of a user's module: its own numbers, and those of a classification or regression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset
from ...core.errors import DataError, FmError
from ...core.options import PredictOptions
from .columns import LABEL, Fit
from .data import CLASSES, NUMBER, values

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from .folder import Opened

#: A row's inputs, as a text, are cut to so many characters.
SHOWN = 200


def score(outputs: dict[str, Any], truth: Any, meta: dict[str, Any]) -> dict[str, Any]:
    """Return metrics (forward's own first), and the report of a classification; see kit.module.model.passed."""
    logits, means = outputs["logits"], outputs["means"]
    if logits is None or truth is None:
        return {"metrics": means, "report": {}, "confusion": {}}
    if meta["label_kind"] == CLASSES:
        from ..scoring.metrics import classification_scores

        scores = classification_scores(_wide(logits), truth, _names(meta["labels"], logits))
        return {**scores, "metrics": {**scores["metrics"], **means}}
    if meta["label_kind"] == NUMBER and logits.ndim == 1:
        return {"metrics": {**regression_scores(logits, truth), **means}, "report": {}, "confusion": {}}
    return {"metrics": means, "report": {}, "confusion": {}}


def _names(labels: list[str], logits: np.ndarray) -> list[str]:
    """Return the classes' names; outputs beyond them, which no row has, are numbered."""
    wide = logits.shape[1] if logits.ndim == 2 else 2
    return [*labels, *(f"({number})" for number in range(len(labels), wide))]


def _wide(logits: np.ndarray) -> np.ndarray:
    """Return logits [rows, classes]; of yes or no [rows] the no is 0."""
    import numpy as np

    return np.stack([np.zeros_like(logits), logits], -1) if logits.ndim == 1 else logits


def regression_scores(guess: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Return mae, rmse and r2 of numbers [rows], as scikit-learn defines them."""
    import numpy as np
    from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

    wanted = np.asarray(truth, np.float64)
    return {
        "mae": float(mean_absolute_error(wanted, guess)),
        "rmse": float(mean_squared_error(wanted, guess) ** 0.5),
        "r2": float(r2_score(wanted, guess)) if len(wanted) > 1 else float("nan"),
    }


def baseline(train: pa.Table, rows: pa.Table, meta: dict[str, Any]) -> dict[str, Any]:
    """Score the most frequent class, or the mean, of the training rows. Raises DataError without a label."""
    import numpy as np

    label = meta["fit"]["label"]
    if meta["label_kind"] == CLASSES:
        counts = np.bincount(train[label].to_numpy(), minlength=len(meta["labels"]))
        logits = np.log((counts + 1e-9) / counts.sum())[None].repeat(rows.num_rows, 0)
        found = score({"logits": logits, "means": {}}, rows[label].to_numpy(), meta)
        return {"name": f"always {meta['labels'][int(counts.argmax())]!r}", **found}
    if meta["label_kind"] == NUMBER:
        mean = float(train[label].to_numpy().mean())
        found = score({"logits": np.full(rows.num_rows, mean), "means": {}}, rows[label].to_numpy(), meta)
        return {"name": "the mean", **found}
    raise DataError("There is no label to compare with.", "Name it: --label-column NAME.")


def inputs(options: PredictOptions, data: Dataset | None, meta: dict[str, Any]) -> list[dict[str, Any]]:
    """Return {column: value} of each typed text and each row. Raises FmError when forward's columns are not there."""
    fit = Fit(**meta["fit"])
    needed = [name for name in fit.columns if name != fit.label]
    if options.text and needed != [fit.text]:
        raise FmError(
            f"forward asks for {', '.join(map(repr, needed))}, not for one text.", "Give --data FILE or a table."
        )
    found: list[dict[str, Any]] = [{fit.text: text} for text in options.text]
    for split, table in data.splits.items() if data is not None else ():
        missing = next((name for name in needed if name not in table.column_names), None)
        if missing is not None:
            raise FmError(f"The data have no column {missing!r}.", f"They have {', '.join(table.column_names)}.")
        known = [*needed, *([fit.label] if _asks_for_label(fit) and fit.label in table.column_names else [])]
        columns = [values(table, name, fit, meta, split) for name in known]
        found += [dict(zip(known, row, strict=True)) for row in zip(*columns, strict=True)]
    gap = next(
        ((number, name) for number, row in enumerate(found) for name, value in row.items() if value is None), None
    )
    if gap is not None:
        raise FmError(f"Row {gap[0] + 1} has no {gap[1]!r}.", "Fill the gap, or leave the row out.")
    if not found:
        raise FmError(
            "There is nothing to predict.", 'Give --data TABLE, or --text "..." for a module that reads a text.'
        )
    return found


def _asks_for_label(fit: Fit) -> bool:
    return LABEL in fit.arguments.values()


def predict(loaded: Opened, rows: list[dict[str, Any]], top: int) -> list[dict[str, Any]]:
    """Return one JSON object a row: label, score and top for classes, prediction for a number, else what forward returns."""
    import pyarrow as pa

    from .model import answers

    table = pa.table({name: [row[name] for row in rows] for name in rows[0]})
    found: list[dict[str, Any]] = []
    runner = loaded.runner
    for batch, answer in answers(runner, loaded.rows(table), 1 if _single(loaded, table) else 64):
        for place in range(batch["#size"]):
            found.append(_told(answer, place, loaded.meta, top))
    return [{"text": _shown(row, loaded.fit), **said} for row, said in zip(rows, found, strict=True)]


def _single(loaded: Opened, table: pa.Table) -> bool:
    """Say whether forward has no answer a row, but numbers for a batch: then each row is a batch."""
    from .model import answers

    _, answer = next(iter(answers(loaded.runner, loaded.rows(table.slice(0, 1)), 1)))
    return not answer.rows or bool(answer.scalars)


def _told(answer: Any, place: int, meta: dict[str, Any], top: int) -> dict[str, Any]:
    logits = answer.logits[place].float().cpu().numpy() if answer.logits is not None else None
    if logits is not None and meta["label_kind"] == CLASSES:
        from ..scoring.metrics import softmax

        scores = softmax(_wide(logits.reshape(1) if logits.ndim == 0 else logits[None]))[0]
        names = _names(meta["labels"], scores[None])
        ranked = [{"label": names[int(i)], "score": float(scores[i])} for i in scores.argsort()[::-1][:top]]
        return {**ranked[0], "top": ranked}
    if logits is not None and meta["label_kind"] == NUMBER:
        return {"prediction": float(logits)}
    own = {name: _plain(value[place]) for name, value in answer.rows.items()}
    loss = {} if answer.loss is None else {"loss": float(answer.loss)}
    return {"answer": {**own, **answer.scalars, **loss}}


def _plain(value: Any) -> Any:
    return value.float().cpu().tolist() if value.is_floating_point() else value.cpu().tolist()


def _shown(row: dict[str, Any], fit: Fit) -> str:
    if set(row) == {fit.text}:
        return str(row[fit.text])
    text = ", ".join(
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}" for name, value in row.items()
    )
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
