"""The desk: everything about signing in that requests share. `app.state.desk`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request

from gateway.access.session import Session, Sessions
from gateway.access.who import Who
from gateway.api.call import Audit
from gateway.settings import Settings
from gateway.storage.roles import Pools


@dataclass(frozen=True, slots=True)
class Desk:
    """Who signs people and programs in."""

    settings: Settings
    pools: Pools
    now: Callable[[], datetime]
    audit: Audit

    @property
    def sessions(self) -> Sessions:
        """Return the one that finds sessions."""
        return Sessions(self.pools, self.now, self.settings.demo_sign_in)

    def session(self, request: Request) -> Session:
        """Return the session of a request, whatever it lacks. Raises NotSignedIn."""
        return self.sessions.of(request)

    def signed_in(self, request: Request) -> Who:
        """Return who asks. Raises NotSignedIn, SecondFactorMissing."""
        return self.sessions.signed_in(request)


def desk(request: Request) -> Desk:
    """Return the desk of this application."""
    found: Desk = request.app.state.desk
    return found
