"""Errors as OperationOutcome: a code for programs, a sentence for people, never what was sent."""

from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from gateway.errors import GatewayError, NotSignedIn, WrongInput
from gateway.fhir.write import MEDIA_TYPE, encode

# http://hl7.org/fhir/issue-type
CODES: Final = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    409: "conflict",
    410: "deleted",
    412: "conflict",
    413: "too-long",
    415: "not-supported",
    422: "processing",
    429: "throttled",
    503: "transient",
    507: "no-store",
}

log = structlog.get_logger()


def issue(code: str, text: str, severity: str = "error") -> dict[str, Any]:
    """Return an OperationOutcome of one issue."""
    found = {"severity": severity, "code": code, "diagnostics": text}
    return {"resourceType": "OperationOutcome", "issue": [found]}


def outcome(error: Exception) -> Response:
    """Return what an error is told as; of one that nobody foresaw, its name goes to the log."""
    status, text = _told(error)
    body = issue(CODES.get(status, "exception"), text)
    if isinstance(error, GatewayError):
        body["issue"][0]["details"] = {"text": error.code}
    answer = Response(encode(body), status, media_type=MEDIA_TYPE)
    if isinstance(error, NotSignedIn):
        answer.headers["www-authenticate"] = 'Bearer realm="hearthline"'
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


def _told(error: Exception) -> tuple[int, str]:
    if isinstance(error, GatewayError):
        log.info("request_refused", code=error.code)
        return error.status, str(error)
    if isinstance(error, RequestValidationError):
        return 400, str(WrongInput())
    if isinstance(error, HTTPException):
        return error.status_code, HTTPStatus(error.status_code).description or "It cannot be done."
    log.error("request_failed", error=type(error).__name__)
    return 500, "The gateway could not do this."
