"""Manifests against the schemas of those who read them: Kubernetes' own, the Compose specification's, KServe's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml

#: The oldest and the newest version of Kubernetes that manifests are held to.
VERSIONS = ("1.27", kubernetes_validate.latest_version())
#: What KServe's predictor has besides a pod's own fields, of what we use; the CRD says the same (see `kserve`).
BESIDES = {"minReplicas": int, "maxReplicas": int, "scaleMetric": str, "scaleTarget": int, "timeout": int}
#: A file with KServe's CRD of InferenceService, where there is one: no package brings it.
CRD = "FMTOOLS_KSERVE_CRD"


def load(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def kubernetes(manifest: dict[str, Any]) -> None:
    """Raise ValidationError where Kubernetes' OpenAPI schemas have no such field, or another type."""
    for version in VERSIONS:
        kubernetes_validate.validate(manifest, version, strict=True)


def compose(manifest: dict[str, Any]) -> None:
    """Raise ValidationError for what the Compose specification's schema does not have."""
    text = (files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    jsonschema.validators.validator_for(schema)(schema).validate(manifest)


def kserve(manifest: dict[str, Any]) -> None:
    """Raise ValidationError where a custom predictor is no pod's spec with KServe's own fields, or the CRD says otherwise."""
    predictor = dict(manifest["spec"]["predictor"])
    own = {name: predictor.pop(name) for name in BESIDES if name in predictor}
    jsonschema.validate({name: isinstance(value, BESIDES[name]) for name, value in own.items()}, _ALL_TRUE)
    kubernetes({"apiVersion": "v1", "kind": "Pod", "metadata": manifest["metadata"], "spec": predictor})
    if place := os.environ.get(CRD):
        versions = load(Path(place))["spec"]["versions"]
        schema = next(one["schema"]["openAPIV3Schema"] for one in versions if one["name"] == "v1beta1")
        jsonschema.Draft202012Validator(_closed(schema)).validate({**manifest, "metadata": {}})


_ALL_TRUE = {"additionalProperties": {"const": True}}


def _closed(schema: Any) -> Any:
    """Return a CRD's schema in which a field that it does not name is an error; a cluster would drop it without a word."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _closed(value) for key, value in schema.items()}
    open_ = "additionalProperties" in schema or schema.get("x-kubernetes-preserve-unknown-fields")
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict) and not open_:
        found["additionalProperties"] = False
    return found


def hadolint(text: str) -> list[str]:
    """Return what hadolint says of a Dockerfile; nothing when it finds no fault."""
    command = [str(Path(sys.executable).with_name("hadolint")), "--format", "json", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return [f"{one['code']}: {one['message']}" for one in json.loads(done.stdout)]
