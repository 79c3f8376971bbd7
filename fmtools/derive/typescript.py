"""TypeScript types of the wire schema, for the labextension.

`python -m fmtools.derive.typescript` writes labextension/src/contract.ts from `fmtools.core.wire`; with `--check` it writes
nothing and exits with 1 when the file on the disk is not what it would write.
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from fmtools.core import wire

TARGET = Path(__file__).resolve().parents[2] / "labextension" / "src" / "contract.ts"
COMMAND = "python -m fmtools.derive.typescript"
PREAMBLE = f"""\
// Generated from fmtools/core/wire.py by `{COMMAND}`. Do not edit.

/** A float as JSON can hold it: what is not finite travels as a word. */
export type Float = number | 'NaN' | 'Infinity' | '-Infinity';

export const MIME_TYPE = {json.dumps(wire.MIME_TYPE).replace('"', "'")};
"""
SCALARS = {"string": "string", "integer": "number", "number": "Float", "boolean": "boolean", "null": "null"}


def models() -> list[type[BaseModel]]:
    """Return the wire models in the order of their definition."""
    found = [value for value in vars(wire).values() if inspect.isclass(value) and issubclass(value, wire.Wire)]
    return [cls for cls in found if cls is not wire.Wire]


def type_of(schema: dict[str, Any]) -> str:
    """Return the TypeScript type of one JSON schema; raises ValueError for a shape that is not known here."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "const" in schema:
        return literal(schema["const"])
    if "enum" in schema:
        return " | ".join(literal(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(type_of(part) for part in schema["anyOf"])
    return container_of(schema)


def container_of(schema: dict[str, Any]) -> str:
    """Return the type of a scalar, a list, a mapping, or of anything at all (no `type` in the schema)."""
    kind = schema.get("type")
    if kind in SCALARS:
        return SCALARS[kind]
    if kind == "array":
        inner = type_of(schema.get("items", {}))
        return f"({inner})[]" if " | " in inner else f"{inner}[]"
    if kind == "object":
        values = schema.get("additionalProperties", True)
        return f"Record<string, {type_of(values) if isinstance(values, dict) else 'unknown'}>"
    if kind is None and set(schema) <= {"title", "default"}:
        return "unknown"
    raise ValueError(f"No TypeScript type is known for {schema!r}.")


def literal(value: Any) -> str:
    """Write a constant as TypeScript, texts in single quotes."""
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return json.dumps(value)


def comment_of(cls: type[BaseModel]) -> list[str]:
    """Return the class's own docstring as a comment's lines; nothing when it has none."""
    doc = inspect.cleandoc(cls.__dict__.get("__doc__") or "")
    if not doc:
        return []
    lines = doc.replace("*/", "*\\/").splitlines()
    return ["/**", *(f" * {line}".rstrip() for line in lines), " */"] if len(lines) > 1 else [f"/** {lines[0]} */"]


def interface_of(cls: type[BaseModel]) -> str:
    """Write one model as an interface. Every field is there: the server writes defaults too."""
    properties = cls.model_json_schema(mode="serialization").get("properties", {})
    fields = [f"  {name}: {type_of(schema)};" for name, schema in properties.items()]
    return "\n".join([*comment_of(cls), f"export interface {cls.__name__} {{", *fields, "}"]) + "\n"


def render() -> str:
    """Return the whole of contract.ts."""
    return "\n".join([PREAMBLE, *(interface_of(cls) for cls in models())])


def main(arguments: list[str] | None = None, target: Path = TARGET) -> int:
    """Write `target`, or with --check only compare; returns the exit status."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the file is out of date")
    text = render()
    if parser.parse_args(arguments).check:
        if target.exists() and target.read_text(encoding="utf-8") == text:
            return 0
        print(f"{target.name} differs from fmtools/core/wire.py: run `{COMMAND}`.", file=sys.stderr)
        return 1
    target.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
