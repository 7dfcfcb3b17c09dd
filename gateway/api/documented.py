"""What the OpenAPI document says of problems: each route names those that it can answer with."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field

from gateway.api.etag import IfMatchMissing
from gateway.api.problems import FIELDS_WRONG, MEDIA_TYPE
from gateway.errors import (
    Changed,
    Conflict,
    Forbidden,
    NotFound,
    NotSignedIn,
    StorageUnavailable,
    WrongInput,
)


class Problem(BaseModel):
    """Why it was not done (RFC 9457). `code` is for programs, `detail` for people."""

    type: Annotated[str, Field(examples=["urn:hearthline:problem:not_found"])]
    title: str
    status: int
    code: str
    detail: str
    fields: list[str] | None = None
    """For wrong input: which fields, by their place."""


_ERRORS: Final = {
    error.status: error
    for error in (
        WrongInput,
        NotSignedIn,
        Forbidden,
        NotFound,
        Conflict,
        Changed,
        IfMatchMissing,
        StorageUnavailable,
    )
}
USUAL: Final = (401, 403, 422, 503)
EDITS: Final = (404, 409, 412, 428)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return `responses` of a route or router: what each of these looks like."""
    return {status: _documented(status) for status in sorted({*USUAL, *statuses})}


def _documented(status: int) -> dict[str, Any]:
    said = HTTPStatus(status).phrase
    error = _ERRORS.get(status)
    code, detail = (error.code, str(error())) if error else (WrongInput.code, FIELDS_WRONG)
    example = {
        "type": f"urn:hearthline:problem:{code}",
        "title": said,
        "status": status,
        "code": code,
        "detail": detail,
    }
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    return {"description": said, "content": {MEDIA_TYPE: content}}
