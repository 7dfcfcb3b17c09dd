"""Tokens for programs: OAuth 2.0 client credentials (RFC 6749, 4.4)."""

from base64 import b64decode
from typing import Annotated, Any
from urllib.parse import unquote_plus

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse

from gateway.access.desk import desk
from gateway.access.programs import TOKEN_LASTS, as_who, give_secret
from gateway.access.rights import Right
from gateway.access.secrets import digest
from gateway.access.tries import begin_try
from gateway.storage.doorway import was_right
from gateway.storage.programs import find_program

router = APIRouter(prefix="/oauth", tags=["token"])

Given = Annotated[str, Form(max_length=400)]


class Token(BaseModel):
    """A token for an hour."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - its kind
    expires_in: int
    scope: str


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
) -> Any:
    """Give a token for a program's id and secret, in the header or the form."""
    id_, secret = _basic(request) or (client_id, client_secret)
    if grant_type != "client_credentials":
        return _refused("unsupported_grant_type")
    at = desk(request)
    number = begin_try(at, request, f"program {id_}")
    with at.pools.of_access() as connection:
        found = find_program(connection, digest(secret), ("secret",), at.now())
        if found is None or str(found["id"]) != id_:
            return _refused("invalid_client", 401)
        was_right(connection, number)
        who = as_who(found)
        wanted = frozenset(scope.split()) or who.rights
        if not wanted <= who.rights:
            return _refused("invalid_scope")
        rights = frozenset(Right(right) for right in wanted)
        made = give_secret(connection, who.id, "token", rights, at.now(), TOKEN_LASTS)
    seconds = int(TOKEN_LASTS.total_seconds())
    return Token(access_token=made, expires_in=seconds, scope=" ".join(sorted(rights)))


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
