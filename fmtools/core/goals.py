"""What a training can be judged by: metrics of the validation rows, and what it costs; and which way is better."""

from __future__ import annotations

from .errors import OptionError
from .options import nearest

#: Metrics that are better when they are lower.
LOWER = (
    "loss",
    "perplexity",
    "wer",
    "cer",
    "bits_per_character",
    "bits_per_byte",
    "mae",
    "mse",
    "rmse",
    "calibration_error",
)
#: Goals that are no metric: seconds of training, parameters in all and trained, bytes of the model. Lower is better.
COSTS = ("seconds", "parameters", "trainable", "bytes")
#: What the evaluations of the built-in tasks have. Other tasks say so when their first evaluation is there.
METRICS: dict[str, tuple[str, ...]] = {
    "text-classification": (
        "accuracy", "f1_macro", "f1_micro", "f1_weighted", "precision_macro", "recall_macro", "calibration_error", "loss",
    ),
    "token-classification": ("f1", "precision", "recall", "token_accuracy", "token_f1_micro", "token_f1_macro", "loss"),
}  # fmt: skip


def lower_is_better(goal: str) -> bool:
    """Say whether a goal improves by falling; names such as "validation/loss" count as their last part."""
    return goal in COSTS or goal.endswith(LOWER)


def known_goals() -> list[str]:
    """Return what the built-in tasks can be searched for, for completion."""
    return list(dict.fromkeys([*(name for names in METRICS.values() for name in names), *COSTS]))


def check_goals(task: str, goals: list[str]) -> None:
    """Raise OptionError for a goal that the task's evaluations are known not to have, for equal ones and for too many."""
    if len(goals) > 2 or len(set(goals)) < len(goals):
        raise OptionError(
            f"--goal takes one goal, or two different ones: {', '.join(goals)} is not that.",
            "Two goals make a front of trials that nothing beats in both.",
        )
    known = METRICS.get(task)
    for goal in goals:
        if known is not None and goal not in (*known, *COSTS):
            guess = nearest(goal, [*known, *COSTS])
            cure = f"Did you mean {guess}?" if guess else f"It has {', '.join(known)}; and costs {', '.join(COSTS)}."
            raise OptionError(f"{task} has no metric {goal!r}.", cure)
    if all(goal in COSTS for goal in goals):
        raise OptionError(
            f"--goal {' '.join(goals)} alone would be reached by a training that learns nothing.",
            "Add a metric: --goal accuracy --goal seconds.",
        )
