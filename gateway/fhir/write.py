"""JSON of FHIR: a decimal keeps its digits, since 120.0 says more than 120 (FHIR R4, 2.24.0.1)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway.fhir.errors import NotAcceptable

MEDIA_TYPE: Final = "application/fhir+json"
ACCEPTED: Final = frozenset({MEDIA_TYPE, "application/json", "application/*", "*/*", "json"})
FORMATS: Final = frozenset({MEDIA_TYPE, "application/json", "text/json", "json"})
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def encode(built: Any) -> bytes:
    """Return the octets of a resource."""
    return _ENCODER.encode(built)


def must_want_json(request: Request) -> None:
    """Raise NotAcceptable where something else is asked for; `_format` wins (R4, 3.1.0.1.11)."""
    wanted = request.query_params.get("_format")
    if wanted is not None:
        # A plus in an address is a blank to those who read forms.
        if wanted.partition(";")[0].strip().replace(" ", "+") not in FORMATS:
            raise NotAcceptable
        return
    told = request.headers.get("accept", "*/*")
    kinds = {each.partition(";")[0].strip().lower() for each in told.split(",")}
    if not kinds & ACCEPTED and "" not in kinds:
        raise NotAcceptable


def answer(built: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a resource."""
    return Response(encode(built), status, headers, f"{MEDIA_TYPE}; charset=utf-8")


def versioned(built: dict[str, Any], updated: datetime) -> dict[str, str]:
    """Return the headers that tell a resource's version."""
    at = format_datetime(updated.astimezone(UTC).replace(microsecond=0), usegmt=True)
    return {"etag": f'W/"{built["meta"]["versionId"]}"', "last-modified": at}


def is_strict(request: Request) -> bool:
    """Say whether unknown parameters are errors (FHIR R4, 3.1.1.3.1)."""
    return any(
        part.strip().lower() == "handling=strict"
        for told in request.headers.getlist("prefer")
        for part in told.replace(";", ",").split(",")
    )
