"""All routes of the console, as they are declared, and requests that they can read."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from fastapi.dependencies.models import Dependant
from fastapi.params import Form
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from gateway.access.rights import Right
from gateway.web.app import PARTS, routers

# They answer for as long as somebody listens.
ENDLESS: Final = frozenset({"/api/v1/changes", "/live"})


@dataclass(frozen=True, slots=True)
class Door:
    """A method of a path, and any of which rights opens it; None: it asks for none."""

    method: str
    path: str
    rights: frozenset[Right] | None
    dependant: Dependant

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_api(self) -> bool:
        """Say whether it is for programs."""
        return self.path.startswith(("/api/", "/fhir/"))

    def names(self) -> list[str]:
        """Return the names in its path."""
        return re.findall(r"{(\w+)(?::\w+)?}", self.path)

    def at(self, names: Mapping[str, str]) -> str:
        """Return its path with these in place of the names."""
        return re.sub(r"{(\w+)(:\w+)?}", lambda found: names[found[1]], self.path)

    def query(self) -> dict[str, Any]:
        """Return what must stand behind the question mark."""
        params = [
            p for part in (self.dependant, *_parts(self.dependant)) for p in part.query_params
        ]
        told = {
            p.alias: _example(p.field_info.annotation, UUID(int=0))
            if not p.field_info.examples
            else p.field_info.examples[0]
            for p in params
            if p.field_info.is_required()
        }
        return told | (
            {"until": str(datetime.now(UTC).date() + timedelta(days=1))} if "until" in told else {}
        )

    def body(self, id_: UUID) -> dict[str, Any]:
        """Return what a client would send, as arguments of a request; ids are this one."""
        params = [p for part in (self.dependant, *_parts(self.dependant)) for p in part.body_params]
        if not params:
            return {}
        made = {p.alias: _example(p.field_info.annotation, id_) for p in params}
        if any(isinstance(p.field_info, Form) for p in params):
            flat: dict[str, Any] = {}
            for name, value in made.items():
                flat |= value if isinstance(value, dict) else {name: value}
            return {"data": {name: v for name, v in flat.items() if v is not None}}
        return {"json": made[params[0].alias] if len(params) == 1 else made}


def doors() -> list[Door]:
    """Return them all."""
    return [
        Door(method, route.path, _rights(route.dependant), route.dependant)
        for router in routers(*PARTS)
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods or ())
    ]


def _parts(dependant: Dependant) -> Iterator[Dependant]:
    for part in dependant.dependencies:
        yield part
        yield from _parts(part)


def _rights(dependant: Dependant) -> frozenset[Right] | None:
    for part in _parts(dependant):
        if (rights := getattr(part.call, "rights", None)) is not None:
            return frozenset(rights)
    return None


def _example(kind: Any, id_: UUID) -> Any:
    schema = TypeAdapter(kind).json_schema()
    return _of_schema(schema, schema.get("$defs", {}), id_)


def _of_schema(schema: dict[str, Any], defs: dict[str, Any], id_: UUID) -> Any:
    """Return a value that fits, with every field that has one."""
    if "$ref" in schema:
        return _of_schema(defs[schema["$ref"].rsplit("/", 1)[-1]], defs, id_)
    for some in ("anyOf", "oneOf", "allOf"):
        if some in schema:
            return _of_schema(schema[some][0], defs, id_)
    if "const" in schema:
        return schema["const"]
    if schema.get("format") != "uuid":
        for known in ("enum", "examples"):
            if known in schema:
                return schema[known][0]
    return _of_type(schema, defs, id_)


def _of_type(schema: dict[str, Any], defs: dict[str, Any], id_: UUID) -> Any:
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {}).items()
            return {name: _of_schema(field, defs, id_) for name, field in fields}
        case "array":
            return [_of_schema(schema.get("items", {}), defs, id_)]
        case "integer" | "number":
            return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return True
        case "null":
            return None
    return str(id_) if schema.get("format") == "uuid" else _text(schema)


def _text(schema: dict[str, Any]) -> str:
    moment = datetime.now(UTC) - timedelta(hours=1)
    formats = {"date-time": moment.isoformat(), "date": moment.date().isoformat()}
    words = "Because it is so in this test."
    return formats.get(schema.get("format", ""), words[: schema.get("maxLength", len(words))])
