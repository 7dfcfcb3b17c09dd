"""Programs: an API key, or client credentials that give tokens (RFC 6749, 4.4; RFC 6750)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request

from alerting.words import template
from gateway.access.assertion import WrongKeys, public_keys
from gateway.access.rights import Right
from gateway.access.secrets import digest, new_secret
from gateway.access.who import Who
from gateway.errors import NotSignedIn, WrongInput
from gateway.storage.database import Connection
from gateway.storage.programs import add_program, add_program_secret, find_program

SCHEME: Final = "bearer "
TOKEN_LASTS: Final = timedelta(hours=1)
# SMART App Launch 2: "the recommended value is 300".
FHIR_TOKEN_LASTS: Final = timedelta(minutes=5)
SECRET_LASTS: Final = timedelta(days=365)
# What only people do.
NEVER: Final = frozenset({Right.PEOPLE_WRITE, Right.BREAK_GLASS})
FOR_PROGRAMS: Final = frozenset(Right) - NEVER
BY_KEYS: Final = "jwks"
PREFIXES: Final = {"key": "hl_key_", "secret": "hl_secret_", "token": "hl_token_"}


class WrongRights(WrongInput):
    """A program needs one right at least, and none that only people have."""

    code = "wrong_rights"


def bearer(request: Request) -> str | None:
    """Return the key or token of a request; a session's cookie does not count beside one."""
    shown = request.headers.get("authorization")
    if shown is None:
        return None
    return shown[len(SCHEME) :].strip() if shown.lower().startswith(SCHEME) else ""


def program_of(connection: Connection, shown: str, now: datetime) -> Who:
    """Return which program it is. Raises NotSignedIn."""
    row = find_program(connection, digest(shown), ("key", "token"), now) if shown else None
    if row is None:
        raise NotSignedIn(template("This key or token is not in force."))
    return as_who(row)


def as_who(row: dict[str, Any]) -> Who:
    """Return a program as requests see it."""
    return Who(
        id=row["id"],
        name=row["name"],
        organisation=row["organisation_id"],
        organisation_name=row["organisation_name"],
        roles=frozenset(),
        rights=frozenset(Right(right) for right in row["rights"]) - NEVER,
        session=None,
        scopes=None if row["scopes"] is None else frozenset(row["scopes"]),
    )


def register_program(
    connection: Connection,
    organisation: UUID,
    name: str,
    rights: Iterable[Right],
    kind: str,
    by: UUID | None,
    now: datetime,
    jwks: Mapping[str, Any] | None = None,
) -> tuple[UUID, str | None]:
    """Register a program; return its id, and its key or secret, which nobody sees again.

    One that signs in by keys of its own (`jwks`) has no secret that we know.
    """
    wanted = frozenset(rights)
    if not name:
        raise WrongInput(template("Give the program a name."))
    if not wanted or not wanted <= FOR_PROGRAMS:
        raise WrongRights
    if kind == BY_KEYS:
        keys = public_keys(jwks or {})
        return add_program(connection, organisation, name, wanted, by, now, keys), None
    if jwks:
        raise WrongKeys("A program that shows a key or a secret has no JWK Set.")
    id_ = add_program(connection, organisation, name, wanted, by, now)
    return id_, give_secret(connection, id_, kind, wanted, now, SECRET_LASTS)


def give_secret(
    connection: Connection,
    program: UUID,
    kind: str,
    rights: Iterable[Right],
    now: datetime,
    lasts: timedelta,
    scopes: Iterable[str] | None = None,
) -> str:
    """Make a key, a secret or a token. Its prefix tells scanners of repositories what it is."""
    secret = PREFIXES[kind] + new_secret()
    add_program_secret(connection, program, kind, digest(secret), rights, now, now + lasts, scopes)
    return secret
