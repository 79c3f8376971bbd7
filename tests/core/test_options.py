"""Options: bounds, names, and the sentence for each mistake."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fmtools.core.errors import OptionError
from fmtools.core.options import VERBS, Options, TrainOptions, hint_of, nearest, unknown_option

BAD: list[tuple[dict[str, Any], str]] = [
    ({"epochs": 0}, r"--epochs 0 is not possible: it should be greater than 0"),
    ({"epochs": "many"}, r"--epochs 'many' is not possible"),
    ({"batch_size": 1.5}, r"--batch-size 1\.5"),
    ({"seed": -1}, r"--seed -1"),
    ({"learning_rate": float("nan")}, r"--learning-rate nan"),
    ({"schedule": "cosin"}, r"did you mean cosine\?"),
    ({"precision": "fp16"}, r"--precision 'fp16'"),
    ({"name": ""}, r"--name ''"),
    ({"epohcs": 3}, r"--epohcs is not an option of train\. Did you mean --epochs\?"),
]


@pytest.mark.parametrize(("values", "said"), BAD)
def test_a_bad_value_is_one_sentence_that_names_it(values: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said) as caught:
        TrainOptions.parse({"data": "x", **values})
    assert "\n" not in str(caught.value)
    assert "pydantic" not in str(caught.value)


def test_what_is_needed_is_said_with_an_example() -> None:
    with pytest.raises(OptionError, match="train needs data") as caught:
        TrainOptions.parse({})
    assert TrainOptions.example in caught.value.cure


def test_dashes_are_underscores_and_assignments_are_checked() -> None:
    options = TrainOptions.parse({"data": "x", "batch-size": "32"})
    assert options.batch_size == 32
    with pytest.raises(ValueError, match="batch_size"):
        options.batch_size = 0


@pytest.mark.parametrize("cls", VERBS.values(), ids=list(VERBS))
def test_every_verb_documents_itself(cls: type[Options]) -> None:
    assert cls.summary.endswith(".")
    assert cls.verb in cls.example or cls.magic_name() in cls.example
    for name, field in cls.model_fields.items():
        assert field.description, name
        assert not re.search(r"[^.]\.$", field.description), name
        assert hint_of(field).group in ("basic", "advanced")
    assert re.fullmatch(r"fm_[a-z_]+", cls.magic_name())


def test_an_option_nobody_could_mean_gets_no_guess() -> None:
    assert unknown_option(TrainOptions, "--zzzzzz").cure == "`%fm_train?` lists the options."
    assert nearest("EPOHCS", ["epochs", "seed"]) == "epochs"
    assert nearest("zzz", ["epochs"]) is None
