"""Signing in: who somebody is, then a session."""

from typing import Final
from uuid import UUID

import structlog
from starlette.requests import Request

from gateway.access.desk import Desk
from gateway.access.passwords import is_right
from gateway.access.secrets import digest, new_secret
from gateway.errors import GatewayError
from gateway.storage.database import Connection
from gateway.storage.people import person_by_email
from gateway.storage.sessions import NewSession, find_session, open_session, organisations_of

LONGEST_AGENT: Final = 200

log = structlog.get_logger()


class SignInRefused(GatewayError):
    """Nobody could be signed in with this e-mail address and password."""

    status, code = 401, "sign_in_refused"


def sign_in_by_password(desk: Desk, request: Request, email: str, password: str) -> str:
    """Return the cookie of a new session. Raises SignInRefused."""
    with desk.pools.of_access() as connection:
        person = person_by_email(connection, email.strip())
    right = is_right(password, person["hash"] if person else None)
    if not right or person is None or person["disabled_at"] is not None:
        log.warning("sign_in_refused", why="password")
        raise SignInRefused
    with desk.pools.of_access() as connection:
        return begin_session(desk, connection, request, person["id"], "password")


def begin_session(
    desk: Desk, connection: Connection, request: Request, person: UUID, by: str
) -> str:
    """Open a session and return its cookie. Raises SignInRefused."""
    places = organisations_of(connection, person)
    if not places:
        raise SignInRefused("This person has no role in any organisation.")
    cookie, now = new_secret(), desk.now()
    new = NewSession(
        digest(cookie),
        person,
        places[0]["id"],
        by,
        request.headers.get("user-agent", "")[:LONGEST_AGENT],
        request.client.host if request.client else "",
    )
    open_session(connection, new, now)
    log.info("signed_in", person=str(person), by=by)
    return cookie


__all__ = ["SignInRefused", "begin_session", "find_session", "sign_in_by_password"]
