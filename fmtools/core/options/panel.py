"""Options of `panel`: those of `train`, any of which may fill the form in beforehand."""

from __future__ import annotations

from typing import Any, ClassVar

from .base import Hint, option
from .train import TrainOptions


class PanelOptions(TrainOptions):
    """Tune a training by hand: a form with every option, what it would cost, and buttons to train and to steer."""

    verb: ClassVar[str] = "panel"
    summary: ClassVar[str] = "Tune a training by hand: sliders, what it will cost, buttons, and the line to keep."
    example: ClassVar[str] = "%fm_panel text-classification --data intents"

    # Not live: the form keeps the names of notebook variables, and looks them up when it trains.
    model: Any = option("minilm", "the model the form begins with", hint=Hint(complete="models"))
    data: Any = option(None, "the data the form begins with", hint=Hint(complete="data"))

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Any:
        """Build the options; data can be chosen in the form. Raises OptionError."""
        return super(TrainOptions, cls).parse(values)

    def given(self) -> dict[str, Any]:
        """Return what the user said, by field name: what the form begins with."""
        return {name: getattr(self, name) for name in TrainOptions.model_fields if name in self.model_fields_set}
