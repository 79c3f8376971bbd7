"""custom: a user's own nn.Module, defined in a cell; its forward says what it needs and what it learns from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset, Parts, Prepared
from ...core.errors import ModelError, OptionError
from ...core.modules import is_module
from ...core.options import PredictOptions, TrainOptions

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


class Custom:
    """Columns become the arguments of forward by name; what forward returns is the loss, or is scored against the label."""

    name = "custom"
    summary = "A module of your own: columns go to forward by name, what it returns is learned and scored."
    main_metric = "loss"

    def defaults(self, options: TrainOptions) -> dict[str, Any]:
        """Weights that nobody has trained yet want a higher rate than pretrained ones."""
        return {"learning_rate": 1e-3, "batch_size": 32}

    def prepare(self, data: Dataset, options: TrainOptions) -> Prepared:
        """Choose the columns that forward asks for, make labels numbers, split. Raises DataError and OptionError."""
        from ...kit.module import data as module_data

        if options.method != "full" and is_module(options.model):
            raise OptionError(
                f"--method {options.method} is not for a module of your own: all its weights are trained.",
                "Set requires_grad=False on what shall stay as it is.",
            )
        return module_data.prepare(data, options)

    def align(self, data: Dataset, meta: dict[str, Any]) -> Prepared:
        """Give other data the columns and labels of this run."""
        from ...kit.module import data as module_data

        return module_data.align(data, meta)

    def build(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], options: TrainOptions
    ) -> Parts:
        """Open the module, learn a tokenizer if it needs one, try it on the first rows."""
        from ...kit.module import folder as module_folder
        from ...kit.module import model as module_model
        from ...kit.training import methods

        opened = module_folder.begin(Path(model_folder), splits["train"], meta, options)
        runner = opened.runner
        if options.dropout is not None:
            methods.set_dropout(runner.module, options.dropout)
        rows = {name: opened.rows(table) for name, table in splits.items()}
        said = module_model.tried(runner, rows["train"])
        return Parts(
            runner,
            opened.tokenizer,
            rows["train"],
            rows["validation"],
            runner.batch,
            module_model.groups(runner, options.learning_rate, options.weight_decay),
            validate="loss",
            trainer=module_model.ModuleTrainer,
            trainer_options={
                "scores": lambda: self.score(*module_model.passed(runner, rows["validation"], 64), meta)["metrics"],
                "said": (*opened.said, said),
            },
            save=opened.save,
        )

    def score(self, outputs: Any, truth: Any, meta: dict[str, Any]) -> dict[str, Any]:
        """Score what kit.module.model.passed gave: forward's own numbers, and those of a classification or regression."""
        from ...kit.module import scores as module_scores

        return module_scores.score(outputs, truth, meta)

    def outcomes(self, outputs: Any, truth: Any, meta: dict[str, Any]) -> Any:
        """Return what happened on each row, for tests between runs (%fm_compare)."""
        from ...kit.scoring import row_outcomes

        return row_outcomes.module(outputs, truth, meta["label_kind"])

    def load(self, folder: Path) -> Any:
        """Open a trained module. Raises ModelError for a folder that fmtools has not saved."""
        from ...kit.module import folder as module_folder

        return module_folder.load(folder)

    def inputs(self, options: PredictOptions, data: Dataset | None, meta: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the columns that forward asks for, of each row; --text stands for the text column."""
        from ...kit.module import scores as module_scores

        return module_scores.inputs(options, data, meta)

    def predict(self, loaded: Any, inputs: list[dict[str, Any]], options: PredictOptions) -> list[dict[str, Any]]:
        """Return for each row {"text", "label", "score", "top"}, {"text", "prediction"}, or what forward returns of it."""
        from ...kit.module import scores as module_scores

        return module_scores.predict(loaded, inputs, options.top)

    def outputs(self, loaded: Any, rows: pa.Table, batch_size: int) -> tuple[Any, Any]:
        """Return what forward makes of prepared rows, and their labels; see kit.module.model.passed."""
        from ...kit.module import model as module_model

        return module_model.passed(loaded.runner, loaded.rows(rows), batch_size)

    def attention(self, loaded: Any, text: str) -> tuple[list[str], np.ndarray]:
        """Raise ModelError: what a module of anybody's looks at is not known."""
        raise ModelError("A module of your own gives no attention maps.", "Return what you want to see from forward.")

    def baseline(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], split: str
    ) -> dict[str, Any]:
        """Score the most frequent class, or the mean, of the training rows."""
        from ...kit.module import scores as module_scores

        return module_scores.baseline(splits["train"], splits[split], meta)
