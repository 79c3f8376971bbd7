"""What trainers of models that are no plain transformers share: checkpoints of bare weights, and scores of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors.torch import load_model, save_model

from ...core.events import NoticeEvent

WEIGHTS = "model.safetensors"
Scores = Callable[[], dict[str, float]]


class Judged:
    """Put before a Trainer class. `scores()` is asked at every evaluation; `said` is told once, as the training begins."""

    scores: Scores | None = None
    said: tuple[str, ...] = ()
    context: Any

    def evaluation_loop(self, *args: Any, **kwargs: Any) -> Any:
        """Evaluate as ever, then add our own scores to the loss."""
        output = super().evaluation_loop(*args, **kwargs)  # type: ignore[misc]
        prefix = kwargs.get("metric_key_prefix", "eval")
        own = self.scores() if self.scores is not None else {}
        output.metrics.update({f"{prefix}_{name}": value for name, value in own.items()})
        return output

    def train(self, *args: Any, **kwargs: Any) -> Any:
        """Say what there is to say, unless the run goes on from a checkpoint; then train."""
        if not kwargs.get("resume_from_checkpoint"):
            for text in self.said:
                self.context.emit(NoticeEvent(text=text))
        return super().train(*args, **kwargs)  # type: ignore[misc]


class BareWeights:
    """Put before a Trainer class whose model is no plain transformer: a checkpoint holds its weights, and nothing asks for more."""

    model: Any
    args: Any

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """Write every weight, tied ones once: what the file holds is what training goes on with."""
        folder = Path(output_dir or self.args.output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        save_model(self.model, str(folder / WEIGHTS))

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        load_model(model if model is not None else self.model, str(Path(resume_from_checkpoint) / WEIGHTS))
