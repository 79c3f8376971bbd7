"""JSON Schema of every verb, for forms and for whoever reads the options from another language."""

from __future__ import annotations

from typing import Any

from fmtools.core.options import VERBS, Options


def schema(cls: type[Options]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a verb's options.

    Made for form renderers: `X | None` is a plain X that is not required (pydantic's `anyOf` with null confuses many of
    them), and each property keeps its `hint`. `x-verb`, `x-magic` and `x-example` tell how the verb is typed.
    """
    raw = cls.model_json_schema()
    known = raw.get("properties", {})
    properties = {name: _plain(known[name]) for name in cls.model_fields}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": cls.verb,
        "description": cls.summary,
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": raw.get("required", []),
        "x-verb": cls.verb,
        "x-magic": cls.magic_name(),
        "x-example": cls.example,
    }


def schemas() -> dict[str, dict[str, Any]]:
    """Return the schema of every verb by its name."""
    return {verb: schema(cls) for verb, cls in VERBS.items()}


def _plain(prop: dict[str, Any]) -> dict[str, Any]:
    kinds = [kind for kind in prop.get("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) != 1:
        return prop
    rest = {key: value for key, value in prop.items() if key != "anyOf"}
    if rest.get("default", 0) is None:
        del rest["default"]
    return {**kinds[0], **rest}
