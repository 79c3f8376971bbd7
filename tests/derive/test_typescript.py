"""The generated TypeScript is what is committed, and every shape of the wire has a type."""

from __future__ import annotations

from pathlib import Path

import pytest

from fmtools.core import wire
from fmtools.derive import typescript


def test_the_committed_file_is_up_to_date() -> None:
    assert typescript.main(["--check"]) == 0


def test_every_field_of_every_model_is_written() -> None:
    text = typescript.render()
    for cls in typescript.models():
        block = text.split(f"export interface {cls.__name__} {{", 1)[1].split("\n}", 1)[0]
        names = [line.split(":", 1)[0].strip() for line in block.strip().splitlines()]
        assert names == list(cls.model_fields)


def test_base_class_is_left_out_and_bundle_is_in() -> None:
    assert wire.Wire not in typescript.models()
    assert wire.RunBundle in typescript.models()


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "number"}, "Float"),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "Float | null"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, "('a' | 'b')[]"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "Record<string, number>"),
        ({"type": "object", "additionalProperties": True}, "Record<string, unknown>"),
        ({"const": "it's"}, "'it\\'s'"),
        ({"$ref": "#/$defs/Head"}, "Head"),
    ],
)
def test_types(schema: dict[str, object], expected: str) -> None:
    assert typescript.type_of(schema) == expected


def test_an_unknown_shape_is_an_error() -> None:
    with pytest.raises(ValueError, match="No TypeScript type"):
        typescript.type_of({"type": "array", "prefixItems": []} | {"type": "tuple"})


def test_check_notices_drift_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "contract.ts"
    target.write_text("export {};\n")
    assert typescript.main(["--check"], target) == 1
    assert target.read_text() == "export {};\n"
    assert "differs" in capsys.readouterr().err
    assert typescript.main([], target) == 0
    assert typescript.main(["--check"], target) == 0
