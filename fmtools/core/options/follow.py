"""Options of `follow`: another tool is told of a run's curves."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import field_validator

from .base import Hint, Options, option
from .verbs import RUN, RUN_HELP


class FollowOptions(Options):
    """Show a run's curves in TensorBoard, MLflow or Trackio, while it trains or after."""

    verb: ClassVar[str] = "follow"
    summary: ClassVar[str] = "Show a run's curves in TensorBoard, MLflow or Trackio, while it trains or after."
    example: ClassVar[str] = "%fm_follow last --to tensorboard"

    run: str = option("last", RUN_HELP, hint=RUN)
    to: list[str] = option(
        ["tensorboard"], "the tools: tensorboard, mlflow, trackio", min_length=1, hint=Hint(complete="followers")
    )
    place: str | None = option(
        None,
        "where they write: TensorBoard's log folder, MLflow's tracking URI, Trackio's folder",
        hint=Hint(complete="path"),
    )

    @field_validator("to", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        parts = [value] if isinstance(value, str) else value
        return [name for part in parts for name in str(part).split(",") if name] if isinstance(parts, list) else value
