"""Who a request is of: the session behind its cookie."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request

from gateway.access.rights import Right, Role, rights_of
from gateway.access.secrets import derived, digest
from gateway.access.who import Who
from gateway.errors import Forbidden, NotSignedIn
from gateway.storage.roles import Pools
from gateway.storage.sessions import find_session

COOKIE: Final = "__Host-hearthline"
# What a page asks by itself keeps nobody signed in: its looking again, and the stream of changes.
BACKGROUND: Final = "x-background"
STREAM: Final = "/live"
# With these a password alone is not enough.
NEEDS_SECOND: Final = frozenset(
    {
        Right.PATIENTS_READ,
        Right.READINGS_READ,
        Right.PEOPLE_WRITE,
        Right.AUDIT_READ,
        Right.DEVICES_WRITE,
    }
)


class SecondFactorMissing(Forbidden):
    """Set a second factor up first: an authenticator app or a passkey."""

    code = "second_factor_missing"


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is in force, and its person."""

    id: UUID
    who: Who
    email: str
    demo: bool
    second_at: datetime | None
    """When a second factor was shown last; it may be that none is needed."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """Finds the session of a request."""

    pools: Pools
    now: Callable[[], datetime]
    demo_sign_in: bool = False
    """Whether demo people are let in, without a second factor."""

    def of(self, request: Request) -> Session:
        """Return the session, whether a second factor is missing or not. Raises NotSignedIn."""
        cookie = request.cookies.get(COOKIE, "")
        # Beside a key a cookie does not count: nobody looked where that request came from.
        if not cookie or "authorization" in request.headers:
            raise NotSignedIn
        there = BACKGROUND not in request.headers and request.url.path != STREAM
        with self.pools.of_access() as connection:
            row = find_session(connection, digest(cookie), self.now(), there=there)
        if row is None or not row["roles"] or (row["demo"] and not self.demo_sign_in):
            raise NotSignedIn
        return _session(row)

    def needs_second(self, session: Session) -> bool:
        """Say whether this person may do nothing before there is a second factor."""
        if session.second_at is not None or (session.demo and self.demo_sign_in):
            return False
        return bool(NEEDS_SECOND & session.who.rights)

    def signed_in(self, request: Request) -> Who:
        """Return who asks. Raises NotSignedIn, SecondFactorMissing."""
        session = self.of(request)
        if self.needs_second(session):
            raise SecondFactorMissing
        return session.who


def csrf_token(cookie: str) -> str:
    """Return what a form of this session carries: only who has the cookie can make it."""
    return derived(cookie, "csrf") if cookie else ""


def who_of(row: dict[str, Any]) -> Who:
    """Return the person of a session's row."""
    roles = frozenset(Role(role) for role in row["roles"])
    return Who(
        id=row["person_id"],
        name=row["name"],
        organisation=row["organisation_id"],
        organisation_name=row["organisation_name"],
        roles=roles,
        rights=rights_of(roles),
        session=row["id"],
        language=row["language"],
        zone=row["zone"],
    )


def _session(row: dict[str, Any]) -> Session:
    return Session(row["id"], who_of(row), row["email"], row["demo"], row["second_at"])
