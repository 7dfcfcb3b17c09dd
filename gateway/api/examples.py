"""An example for everything that the OpenAPI document names: made of a few plausible values.

What a model says itself comes first. Else an object is put together of its fields: by their names
where we know a good value, by their types where not. A test holds each against its schema.
"""

from collections.abc import Mapping
from typing import Any, Final

PATIENT: Final = "0d5a3a1e-4a8c-4c53-8a44-7f6f7b2f9f10"
BY_NAME: Final[Mapping[str, Any]] = {
    "activity": "call",
    "actor": "Grace Hopper",
    "address": "12 St James's Square, London",
    "author": "Grace Hopper",
    "basis": "device_clock",
    "by": "day",
    "care_team": "North",
    "channel": "telephone",
    "closed_by": "Grace Hopper",
    "code": "99457",
    "direction": "high",
    "email": "grace@example.org",
    "event": "task_requested",
    "expires_in": 3600,
    "external_id": "MRN-4711",
    "family_name": "Lovelace",
    "for_whom": "patient",
    "given_name": "Ada",
    "grace": "PT6H",
    "highest": "142",
    "hub": "Ada's home",
    "key": "heart-failure",
    "kind": "blood_pressure",
    "label": "Systolic",
    "language": "en",
    "lowest": "128",
    "mdc": 150021,
    "mean": "134.50",
    "measure": "weight",
    "median": "133",
    "name": "Ada Lovelace",
    "note": "She is at home after four.",
    "number": "142",
    "owner": "Grace Hopper",
    "patient": "Ada Lovelace",
    "person": "Grace Hopper",
    "phone": "+442079460018",
    "profile": "generic_cuff",
    "reason": "as agreed",
    "rule": "systolic_high",
    "rule_key": "systolic_high",
    "sentence": "Systolic 190 mmHg at 08:36 is at or above 180.",
    "source": "AHA 2025",
    "text": "Sleeps with two pillows.",
    "timezone": "Europe/London",
    "title": "Systolic pressure very high",
    "unit": "mm[Hg]",
    "validity": "valid",
    "version": 1,
    "why": "Has the cough gone?",
}
BY_FORMAT: Final[Mapping[str, str]] = {
    "uuid": "b740de37-7e8a-4009-8ca0-ef77433601fe",
    "date-time": "2026-11-22T09:36:09Z",
    "date": "2026-11-22",
    "duration": "PT21M",
}
TYPES: Final[Mapping[str, type]] = {"string": str, "integer": int, "number": float}

Schema = Mapping[str, Any]


def add_examples(document: dict[str, Any]) -> None:
    """Give every schema and every parameter an example."""
    schemas: dict[str, Any] = document["components"]["schemas"]
    for schema in schemas.values():
        schema.setdefault("examples", [example(schema, schemas)])
    for path in document["paths"].values():
        for operation in path.values():
            for each in operation.get("parameters", ()):
                told = each["schema"]
                each.setdefault("example", example(told, schemas, each["name"]))


def example(schema: Schema, schemas: Mapping[str, Schema], name: str = "") -> Any:
    """Return an example of a schema; `name` is the field's."""
    schema = _plain(schema, schemas)
    if schema.get("examples"):
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    known = BY_NAME.get(name)
    if "enum" in schema:
        return known if known in schema["enum"] else schema["enum"][0]
    if isinstance(known, TYPES.get(schema.get("type", ""), bool)) and "format" not in schema:
        return known
    return _of_type(schema, schemas, name)


def _plain(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    """Return what is behind references, and of a choice the first that is something."""
    while "$ref" in schema or "anyOf" in schema:
        if "$ref" in schema:
            schema = schemas[schema["$ref"].rpartition("/")[2]]
        else:
            choices = [each for each in schema["anyOf"] if each.get("type") != "null"]
            schema = {**choices[0], **{k: v for k, v in schema.items() if k == "examples"}}
    return schema


def _of_type(schema: Schema, schemas: Mapping[str, Schema], name: str) -> Any:
    kind = schema.get("type")
    if kind == "object":
        fields = schema.get("properties", {})
        return {field: example(told, schemas, field) for field, told in fields.items()}
    if kind == "array":
        return [example(schema.get("items", {}), schemas, name.removesuffix("s"))]
    if kind == "string":
        return BY_FORMAT.get(schema.get("format", ""), "text")
    if kind in ("integer", "number"):
        return max(1, schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1))
    return False if kind == "boolean" else None
