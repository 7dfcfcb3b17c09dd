"""Signing in: who somebody is, then a session, perhaps after a second factor."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from starlette.requests import Request

from alerting.words import template
from gateway.access.desk import Desk
from gateway.access.passwords import hashed, is_right, is_weaker_than_now
from gateway.access.second import is_code
from gateway.access.secrets import digest, new_secret
from gateway.access.session import who_of
from gateway.access.tries import address, begin_try
from gateway.errors import GatewayError, NotSignedIn
from gateway.storage.as_app import go_over_to
from gateway.storage.credentials import second_factors
from gateway.storage.database import Connection
from gateway.storage.doorway import begin_ceremony, finish_ceremony, look_at_ceremony, was_right
from gateway.storage.people import person_by_email, person_by_id, set_password
from gateway.storage.sessions import NewSession, find_session, open_session, organisations_of

LONGEST_AGENT: Final = 200
STEP_LASTS: Final = timedelta(minutes=10)

log = structlog.get_logger()


class SignInRefused(GatewayError):
    """Nobody could be signed in with this."""

    status, code = 401, "sign_in_refused"
    person: Mapping[str, Any] | None = None
    """Of whom it is to be recorded, after the answer: what only somebody known costs would tell."""


def record(desk: Desk, error: GatewayError) -> None:
    """Record a refusal in the audit of whom it concerns."""
    person = getattr(error, "person", None)
    if person is not None:
        desk.note_everywhere(person, "sign-in.refused", why="password")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A session's cookie, or the one that leads to the second factor."""

    cookie: str = ""
    step: str = ""


def by_password(desk: Desk, request: Request, email: str, password: str) -> Outcome:
    """Look whether it is the password. Raises SignInRefused, TooManyTries."""
    number = begin_try(desk, request, email)
    with desk.pools.of_access() as connection:
        person = person_by_email(connection, email.strip())
    right = is_right(password, person["hash"] if person else None)
    if person is None or not right:
        log.warning("security", action="sign-in.refused", who=None)
        refusal = SignInRefused()
        refusal.person = person
        raise refusal
    _refuse_who_may_not(desk, person)
    with desk.pools.of_access() as connection:
        was_right(connection, number)
        if is_weaker_than_now(person["hash"]):
            set_password(connection, person["id"], hashed(password), desk.now())
    return go_on(desk, request, person["id"], "password")


def go_on(desk: Desk, request: Request, person: UUID, by: str) -> Outcome:
    """Go on with who is known: to the second factor, where there is one, else to a session."""
    with desk.pools.of_access() as connection:
        if not second_factors(connection, person).any:
            return Outcome(cookie=begin_session(desk, connection, request, person, by))
        step, ends = new_secret(), desk.now() + STEP_LASTS
        begin_ceremony(connection, digest(step), "second", ends, person, by=by)
        return Outcome(step=step)


def waiting(desk: Desk, step: str) -> dict[str, Any]:
    """Return who has to show a second factor now. Raises NotSignedIn."""
    with desk.pools.of_access() as connection:
        kept = look_at_ceremony(connection, digest(step), "second", desk.now()) if step else None
        if kept is None:
            raise NotSignedIn
        return {**person_by_id(connection, kept["person_id"]), "by": kept["body"]["by"]}


def by_second_factor(desk: Desk, request: Request, step: str, code: str) -> str:
    """Return the cookie of a session. Raises SignInRefused, NotSignedIn, TooManyTries."""
    person = waiting(desk, step)
    number = begin_try(desk, request, person["email"])
    now = desk.now()
    with desk.pools.of_access() as connection:
        if is_code(desk.key, connection, person["id"], code, now):
            if finish_ceremony(connection, digest(step), "second", now) is None:
                raise NotSignedIn
            was_right(connection, number)
            return begin_session(desk, connection, request, person["id"], person["by"], now)
    desk.note_everywhere(person, "sign-in.refused", why="second factor")
    raise SignInRefused


def begin_session(
    desk: Desk,
    connection: Connection,
    request: Request,
    person: UUID,
    by: str,
    second_at: datetime | None = None,
) -> str:
    """Open a session and return its cookie. Raises SignInRefused."""
    row, places = person_by_id(connection, person), organisations_of(connection, person)
    _refuse_who_may_not(desk, row)
    if not places:
        raise SignInRefused(template("This person has no role in any organisation now."))
    cookie, now = new_secret(), desk.now()
    agent = request.headers.get("user-agent", "")[:LONGEST_AGENT]
    new = NewSession(
        digest(cookie), person, places[0]["id"], by, agent, address(request), second_at
    )
    open_session(connection, new, now)
    found = find_session(connection, new.digest, now)
    if found is not None:
        go_over_to(connection, new.organisation)
        desk.note(connection, who_of(found), "sign-in.done", by=by, second=second_at is not None)
    return cookie


def _refuse_who_may_not(desk: Desk, person: dict[str, Any]) -> None:
    if person["disabled_at"] is not None:
        desk.note_everywhere(person, "sign-in.refused", why="disabled")
        raise SignInRefused
    if person["demo"] and not desk.settings.demo_sign_in:
        raise SignInRefused(template("Demo people need HEARTHLINE_DEMO_SIGN_IN=true."))
