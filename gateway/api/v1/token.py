"""Tokens for programs: OAuth 2.0 client credentials (RFC 6749, 4.4), for FHIR by SMART's scopes."""

from base64 import b64decode
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import unquote_plus

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse

from gateway.access.assertion import TYPE, claimed, program_that_signed
from gateway.access.desk import desk
from gateway.access.programs import FHIR_TOKEN_LASTS, TOKEN_LASTS, as_who, give_secret
from gateway.access.rights import Right
from gateway.access.secrets import digest
from gateway.access.tries import begin_try
from gateway.access.who import Who
from gateway.fhir.scopes import are_scopes, granted
from gateway.storage.database import Connection
from gateway.storage.doorway import was_right
from gateway.storage.programs import find_program

router = APIRouter(prefix="/oauth", tags=["token"])

Given = Annotated[str, Form(max_length=400)]


class Token(BaseModel):
    """A token for an hour, or for FHIR for five minutes; and what it was given for."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - its kind
    expires_in: int
    scope: str

    @classmethod
    def of(cls, made: str, lasts: timedelta, scopes: Iterable[str]) -> "Token":
        """Return what is told of a token."""
        seconds, scope = int(lasts.total_seconds()), " ".join(sorted(scopes))
        return cls(access_token=made, expires_in=seconds, scope=scope)


class Refusal(BaseModel):
    """RFC 6749, 5.2."""

    error: str


@router.post(
    "/token", response_model=Token, responses={400: {"model": Refusal}, 401: {"model": Refusal}}
)
def token(
    request: Request,
    grant_type: Given = "",
    scope: Annotated[str, Form(max_length=2000)] = "",
    client_id: Given = "",
    client_secret: Given = "",
    client_assertion_type: Given = "",
    client_assertion: Annotated[str, Form(max_length=8000)] = "",
) -> Any:
    """Give a token for a program's id and secret, in the header or the form.

    Or for a statement that it signed (`private_key_jwt`). Scopes are rights, or SMART's `system/`.
    """
    id_, secret = _basic(request) or (client_id, client_secret)
    if grant_type != "client_credentials":
        return _refused("unsupported_grant_type")
    at = desk(request)
    signed = client_assertion_type == TYPE
    number = begin_try(at, request, f"program {claimed(client_assertion) if signed else id_}")
    with at.pools.of_access() as connection:
        if signed:
            audience = f"{at.settings.console_origin}/oauth/token"
            found = program_that_signed(connection, client_assertion, id_, audience, at.now())
        else:
            found = find_program(connection, digest(secret), ("secret",), at.now())
        if found is None or (not signed and str(found["id"]) != id_):
            return _refused("invalid_client", 401)
        was_right(connection, number)
        return _given(connection, as_who(found), scope.split(), at.now())


def _given(connection: Connection, who: Who, asked: list[str], now: datetime) -> Any:
    """Give a token for rights that the program has, or for what of FHIR they open."""
    if are_scopes(asked):
        scopes = granted(asked, who.rights)
        if not scopes:
            return _refused("invalid_scope")
        made = give_secret(connection, who.id, "token", (), now, FHIR_TOKEN_LASTS, scopes)
        return Token.of(made, FHIR_TOKEN_LASTS, scopes)
    wanted = frozenset(asked) or who.rights
    if not wanted <= who.rights:
        return _refused("invalid_scope")
    rights = frozenset(Right(right) for right in wanted)
    made = give_secret(connection, who.id, "token", rights, now, TOKEN_LASTS)
    return Token.of(made, TOKEN_LASTS, rights)


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        id_, _, secret = b64decode(shown, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return unquote_plus(id_), unquote_plus(secret)


def _refused(error: str, status: int = 400) -> JSONResponse:
    headers = {"WWW-Authenticate": 'Basic realm="hearthline"'} if status == 401 else None
    return JSONResponse({"error": error}, status, headers)
