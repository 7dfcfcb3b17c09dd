"""What the OpenAPI document says of problems: each route names those that it can answer with."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, Field

from gateway.api.problems import MEDIA_TYPE


class Problem(BaseModel):
    """Why it was not done (RFC 9457). `code` is for programs, `detail` for people."""

    type: Annotated[str, Field(examples=["urn:hearthline:problem:not_found"])]
    title: str
    status: int
    code: str
    detail: str
    fields: list[str] | None = None
    """For wrong input: which fields, by their place."""


_SAID: Final = {
    400: ("wrong_input", "Bad Request", "This cannot be used as it is."),
    401: ("not_signed_in", "Unauthorized", "Sign in first."),
    403: (
        "forbidden",
        "Forbidden",
        "Your role does not allow this; an administrator of your organisation can change it.",
    ),
    404: ("not_found", "Not Found", "There is no such thing here."),
    409: ("conflict", "Conflict", "This contradicts what is stored already."),
    412: (
        "changed",
        "Precondition Failed",
        "Somebody changed this in the meantime; look at it again, then decide.",
    ),
    422: ("wrong_input", "Unprocessable Content", "Some fields are not as they must be."),
    428: (
        "if_match_missing",
        "Precondition Required",
        "Say by If-Match what you have seen: the ETag of the last answer.",
    ),
    503: ("storage_unavailable", "Service Unavailable", "The database does not answer."),
}
USUAL: Final = (401, 403, 422, 503)
EDITS: Final = (404, 409, 412, 428)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return `responses` of a route or router: what each of these looks like."""
    return {status: _documented(status) for status in sorted({*USUAL, *statuses})}


def _documented(status: int) -> dict[str, Any]:
    code, title, detail = _SAID[status]
    example = {
        "type": f"urn:hearthline:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
    }
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    return {"description": title, "content": {MEDIA_TYPE: content}}
