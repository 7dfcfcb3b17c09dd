"""One-time links: the first administrator, who was invited, who begins anew."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from starlette.requests import Request

from alerting.words import template
from gateway.access.desk import Desk
from gateway.access.passwords import hashed
from gateway.access.people import link
from gateway.access.rights import Role
from gateway.access.secrets import digest
from gateway.access.sign_in import begin_session
from gateway.errors import NotFound, WrongInput
from gateway.storage.credentials import can_sign_in
from gateway.storage.database import Connection
from gateway.storage.doorway import NewLink, look_at_link, use_link
from gateway.storage.homes import add_organisation
from gateway.storage.people import (
    NewPerson,
    add_person,
    give_roles,
    organisation_named,
    set_password,
    somebody_is_registered,
)

FIRST_LASTS: Final = timedelta(hours=24)


class LinkRefused(NotFound):
    """This link was used already, has run out, or is not whole; ask for a new one."""

    status, code = 410, "link_refused"


@dataclass(frozen=True, slots=True)
class Link:
    """What a link is for."""

    kind: str
    person: UUID | None
    name: str
    email: str


def first_link(desk: Desk) -> str | None:
    """Return the link of the first administrator; nothing where somebody is registered."""
    with desk.pools.of_access() as connection:
        if desk.settings.demo_sign_in or somebody_is_registered(connection):
            return None
        return link(desk, connection, NewLink(b"", "first", FIRST_LASTS))


def look(desk: Desk, secret: str) -> Link:
    """Return what a link is for. Raises LinkRefused."""
    with desk.pools.of_access() as connection:
        return _look(desk, connection, secret)


def _look(desk: Desk, connection: Connection, secret: str) -> Link:
    row = look_at_link(connection, digest(secret), desk.now())
    if row is None or (row["kind"] == "first" and somebody_is_registered(connection)):
        raise LinkRefused
    # Who has begun in another way meanwhile, as at a provider, is not begun for.
    if row["kind"] == "invite" and can_sign_in(connection, row["person_id"]):
        raise LinkRefused
    return Link(row["kind"], row["person_id"], row["name"] or "", row["email"] or "")


def accept(
    desk: Desk, request: Request, secret: str, password: str, new: NewPerson, organisation: str
) -> str:
    """Use a link; return the cookie of a session. Raises LinkRefused, WeakPassword."""
    chosen, now = hashed(password), desk.now()
    with desk.pools.of_access() as connection:
        found = _look(desk, connection, secret)
        if not use_link(connection, digest(secret), now):
            raise LinkRefused
        person = found.person or _first(desk, connection, new, organisation)
        set_password(connection, person, chosen, now)
        return begin_session(desk, connection, request, person, "link")


def _first(desk: Desk, connection: Connection, new: NewPerson, organisation: str) -> UUID:
    """Register the first administrator, in the organisation of this name."""
    if not organisation.strip() or not new.name.strip() or "@" not in new.email:
        raise WrongInput(template("Give your name, your address and your organisation's name."))
    place = organisation_named(connection, organisation.strip())
    if place is None:
        place = add_organisation(connection, organisation.strip())
    person = add_person(connection, new, desk.now())
    give_roles(connection, place, person, [Role.ADMINISTRATOR], desk.now())
    return person
