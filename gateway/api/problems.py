"""Errors as problem+json (RFC 9457): a fixed code, a sentence, never what the client sent."""

from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import GatewayError, WrongInput

MEDIA_TYPE: Final = "application/problem+json"
FIELDS_WRONG: Final = "Some fields are not as they must be."
# Two PEM certificates and a request, as hex, are less.
MOST_OCTETS: Final = 65_536

log = structlog.get_logger()


def problem(status: int, code: str, detail: str, **more: Any) -> JSONResponse:
    """Return a problem."""
    body: dict[str, Any] = {
        "type": f"urn:hearthline:problem:{code}",
        "title": HTTPStatus(status).phrase,
    }
    body |= {"status": status, "code": code, "detail": detail, **more}
    return JSONResponse(body, status, media_type=MEDIA_TYPE)


def to_problem(error: Exception) -> JSONResponse:
    """Return the problem of an error; of one that nobody foresaw, its name goes to the log."""
    if isinstance(error, GatewayError):
        log.info("request_refused", code=error.code)
        return problem(error.status, error.code, str(error))
    if isinstance(error, RequestValidationError):
        fields = sorted({_place(one) for one in error.errors()})
        return problem(422, WrongInput.code, FIELDS_WRONG, fields=fields)
    if isinstance(error, HTTPException):
        return problem(error.status_code, "http_error", HTTPStatus(error.status_code).description)
    log.error("request_failed", error=type(error).__name__)
    return problem(500, "gateway_error", "The gateway could not do this.")


def _place(error: dict[str, Any]) -> str:
    """Name a field; one that is none of ours is the sender's word, and told by where it stood."""
    place = error["loc"][:-1] if error["type"] == "extra_forbidden" else error["loc"]
    return ".".join(map(str, place))


def add_problems(app: FastAPI) -> None:
    """Have every error of this application answered as a problem."""

    async def told(_: Request, error: Exception) -> JSONResponse:
        return to_problem(error)

    for kind in (GatewayError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, told)


class TooLong(Exception):
    """A body is longer than any that is meant for us."""


class LimitBody:
    """Refuse bodies that are too long, whatever their header says, before they are kept."""

    def __init__(self, app: ASGIApp, most: int = MOST_OCTETS) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what comes; what the application says of half a body is not told."""
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._most:
                raise TooLong
            return message

        async def told(message: Message) -> None:
            if seen <= self._most:
                await send(message)

        with suppress(TooLong):
            await self._app(scope, limited, told)
        if seen > self._most:
            await problem(413, "too_long", "The body is too long.")(scope, receive, send)
