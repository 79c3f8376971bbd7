"""The JSON Schemas say what the models say."""

from __future__ import annotations

import json

from fmtools.core.options import VERBS, BaselineOptions, TrainOptions
from fmtools.derive.schema import schema, schemas


def test_every_verb_and_option_is_described() -> None:
    found = json.loads(json.dumps(schemas()))
    assert list(found) == list(VERBS)
    for verb, cls in VERBS.items():
        assert list(found[verb]["properties"]) == list(cls.model_fields)
        assert found[verb]["x-magic"] == cls.magic_name()
        assert all("hint" in prop and prop["description"] for prop in found[verb]["properties"].values())


def test_bounds_choices_and_required() -> None:
    made = schema(TrainOptions)
    props = made["properties"]
    assert made["required"] == []  # --from names a run and its data
    assert schema(BaselineOptions)["required"] == ["data"]
    assert (props["batch_size"]["minimum"], props["batch_size"]["maximum"], props["batch_size"]["default"]) == (
        1,
        4096,
        16,
    )
    assert props["epochs"]["exclusiveMinimum"] == 0
    assert props["schedule"]["enum"] == ["linear", "cosine", "cosine_with_min_lr", "constant", "constant_with_warmup"]
    assert props["watch"] == {**props["watch"], "type": "array", "items": {"type": "string"}}


def test_optional_values_are_plain() -> None:
    name = schema(TrainOptions)["properties"]["name"]
    assert (name["type"], name["minLength"], name["maxLength"]) == ("string", 1, 80)
    assert "anyOf" not in name
    assert "default" not in name
    assert "anyOf" not in json.dumps(schemas())
