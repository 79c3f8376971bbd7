"""A user's module is told from names and from everything else, as an option and as a notebook variable."""

from __future__ import annotations

from typing import Any

import pytest
from torch import nn

from fmtools.core.errors import OptionError
from fmtools.core.modules import is_module, module_name
from fmtools.core.options import TrainOptions
from fmtools.notebook.variables import modules, resolve


class Net(nn.Module):
    """One of the user's."""


@pytest.mark.parametrize("value", [Net(), Net, nn.Linear(1, 1), nn.Linear])
def test_modules_and_their_classes_are_modules(value: Any) -> None:
    assert is_module(value)
    assert TrainOptions.parse({"data": "x", "model": value}).model is value
    assert module_name(value) in ("Net", "Linear")


@pytest.mark.parametrize("value", ["minilm", 3, None, int, [nn.Linear(1, 1)]])
def test_nothing_else_is(value: Any) -> None:
    assert not is_module(value)
    if not isinstance(value, str):
        with pytest.raises(OptionError, match=r"a name, a folder, or an nn\.Module"):
            TrainOptions.parse({"data": "x", "model": value})


def test_a_variable_with_a_module_takes_the_place_of_its_name() -> None:
    net = Net()
    options = TrainOptions.parse({"data": "x", "model": "net"})
    assert resolve(options, {"net": net}).names == {"model": "net"}
    assert options.model is net


def test_a_variable_of_a_catalogue_name_wins_when_it_is_a_module_and_is_asked_for() -> None:
    asked = TrainOptions.parse({"data": "x", "model": "minilm"})
    assert "catalogue" in resolve(asked, {"minilm": Net()}).notices[0]
    default = TrainOptions.parse({"data": "x"})
    resolve(default, {"minilm": Net()})
    assert default.model == "minilm"
    text = TrainOptions.parse({"data": "x", "model": "mine"})
    resolve(text, {"mine": "some/folder"})
    assert text.model == "some/folder"


def test_completion_offers_what_the_user_made() -> None:
    assert modules({"net": Net(), "Net": Net, "Linear": nn.Linear, "_": Net(), "n": 3}) == ["net", "Net"]
