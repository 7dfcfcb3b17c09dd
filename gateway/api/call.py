"""What a request is given: who asks, and one transaction that sees one organisation's rows."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from fastapi import Depends
from starlette.requests import Request

from gateway.access.rights import Right
from gateway.access.who import Who
from gateway.errors import Forbidden
from gateway.storage.database import Connection


class Audit(Protocol):
    """Writes who did or saw what, in the transaction of the deed itself."""

    def __call__(
        self,
        connection: Connection,
        who: Who,
        action: str,
        *,
        at: datetime,
        patient: UUID | None = None,
        subject: tuple[str, str] | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """`action` is verb.noun, as `patient.view`; `detail` holds no health value."""


@dataclass(frozen=True, slots=True)
class Site:
    """What all requests share. `app.state.site`."""

    transaction: Callable[[UUID], AbstractContextManager[Connection]]
    """A transaction as hearthline_app that sees the rows of this organisation."""
    signed_in: Callable[[Request], Who]
    """Raises NotSignedIn."""
    audit: Audit
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Call:
    """One request of somebody who may make it."""

    who: Who
    connection: Connection
    now: datetime
    site: Site

    def audit(
        self,
        action: str,
        *,
        patient: UUID | None = None,
        subject: tuple[str, str] | None = None,
        **detail: Any,
    ) -> None:
        """Record what is done here; every view of a patient's data is recorded too."""
        self.site.audit(
            self.connection,
            self.who,
            action,
            at=self.now,
            patient=patient,
            subject=subject,
            detail=detail,
        )


def needs(right: Right, *also: Right) -> Any:
    """Return the dependency of a route: `call: Annotated[Call, needs(Right.TASKS_READ)]`.

    Any of the rights is enough. The transaction is committed before the answer is sent, so nobody
    is told of what then fails.
    """
    enough = frozenset({right, *also})

    def call(request: Request) -> Iterator[Call]:
        site: Site = request.app.state.site
        who = site.signed_in(request)
        if not enough & who.rights:
            raise Forbidden
        with site.transaction(who.organisation) as connection:
            yield Call(who, connection, site.now(), site)

    call.rights = enough  # type: ignore[attr-defined]  # the table of docs/access.md is read off it
    return Depends(call, scope="function")
