"""A module that a user defined: which task trains it, and how it travels to the worker."""

from __future__ import annotations

from ..core.errors import OptionError
from ..core.modules import is_module, module_name
from ..core.options import TrainOptions
from ..core.tasks import task_name

CUSTOM, CLASSIFYING = "custom", "text-classification"


def route(options: TrainOptions) -> tuple[TrainOptions, list[str]]:
    """Return the options with the task that trains a module, and what the user should hear. Raises OptionError."""
    task, own = task_name(options.task), is_module(options.model)
    if own and task == CLASSIFYING:
        said = "A module of your own is trained by the task custom; labels and scores are those of a classification."
        return options.model_copy(update={"task": CUSTOM}), [said]
    if own and task != CUSTOM:
        raise OptionError(
            f"{task} does not train a module of your own.",
            "%fm_train custom --model net lets its forward give the loss.",
        )
    if task == CUSTOM and not own:
        raise OptionError(
            f"custom trains a module of your own, and --model {options.model} is a name.",
            "Define one in a cell (net = Net()), then %fm_train custom --model net.",
        )
    return options, []


def pack(options: TrainOptions) -> bytes:
    """Return the module as it will travel, and leave its class's name in the options; b"" when the model is a name."""
    if not is_module(options.model):
        return b""
    from ..kit.module.box import pack as pickled

    module, options.model = options.model, module_name(options.model)
    return pickled(module)
