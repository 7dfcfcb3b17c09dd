"""The desk: everything about signing in that requests share. `app.state.desk`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import structlog
from starlette.requests import Request

from gateway.access.programs import bearer, program_of
from gateway.access.session import Session, Sessions
from gateway.access.site_key import SiteKey, site_key
from gateway.access.who import Who
from gateway.api.call import Audit
from gateway.settings import Settings
from gateway.storage.database import Connection
from gateway.storage.roles import Pools
from gateway.storage.sessions import organisations_of

log = structlog.get_logger()


@dataclass(frozen=True)
class Desk:
    """Who signs people and programs in."""

    settings: Settings
    pools: Pools
    now: Callable[[], datetime]
    audit: Audit

    @cached_property
    def key(self) -> SiteKey:
        """Return the console's own key."""
        return site_key(self.settings.keys)

    @cached_property
    def sessions(self) -> Sessions:
        """Return the one that finds sessions."""
        return Sessions(self.pools, self.now, self.settings.demo_sign_in)

    def session(self, request: Request) -> Session:
        """Return the session of a request, whatever it lacks. Raises NotSignedIn."""
        return self.sessions.of(request)

    def signed_in(self, request: Request) -> Who:
        """Return who asks: a program by its key, else a person. Raises NotSignedIn, Forbidden."""
        shown = bearer(request)
        if shown is None:
            return self.sessions.signed_in(request)
        with self.pools.of_access() as connection:
            return program_of(connection, shown, self.now())

    def note(
        self,
        connection: Connection,
        who: Who,
        action: str,
        *,
        subject: tuple[str, str] | None = None,
        patient: UUID | None = None,
        **detail: Any,
    ) -> None:
        """Record a deed in the audit, and as a security event in the log: by ids only."""
        now = self.now()
        self.audit(connection, who, action, at=now, subject=subject, patient=patient, detail=detail)
        log.info("security", action=action, who=str(who.id), subject=subject and subject[1])

    def note_everywhere(self, person: Mapping[str, Any], action: str, **detail: Any) -> None:
        """Record what befell somebody who is not signed in, wherever they are something."""
        with self.pools.of_access() as connection:
            places = organisations_of(connection, person["id"])
        for place in places:
            who = Who(
                id=person["id"],
                name=person["name"],
                organisation=place["id"],
                organisation_name=place["name"],
                roles=frozenset(),
                rights=frozenset(),
                session=UUID(int=0),
            )
            with self.pools.of_access(place["id"]) as connection:
                self.note(connection, who, action, **detail)


def desk(request: Request) -> Desk:
    """Return the desk of this application."""
    found: Desk = request.app.state.desk
    return found
