"""What operators of the site do by command. They own the database: their name is in the audit."""

from collections.abc import Iterable
from uuid import UUID

from gateway.access.desk import Desk
from gateway.access.people import INVITATION_LASTS, link
from gateway.access.rights import Role
from gateway.errors import NotFound, WrongInput
from gateway.storage.database import Connection
from gateway.storage.doorway import NewLink
from gateway.storage.people import (
    NewPerson,
    add_person,
    give_roles,
    organisation_exists,
    person_by_email,
    roles_in,
    take_role,
)


def invite_as_operator(
    desk: Desk, connection: Connection, organisation: UUID, new: NewPerson, roles: Iterable[Role]
) -> tuple[UUID, str | None]:
    """Make somebody something; return the link of who cannot sign in yet."""
    wanted, now = frozenset(roles), desk.now()
    if not wanted or "@" not in new.email:
        raise WrongInput("Give an e-mail address and one --role at least.")
    if not organisation_exists(connection, organisation):
        raise NotFound("There is no organisation with this id; `organisation add` prints one.")
    known = person_by_email(connection, new.email)
    person = known["id"] if known else add_person(connection, new, now)
    give_roles(connection, organisation, person, wanted, now)
    if known is not None and known["hash"] is not None:
        return person, None
    fresh = NewLink(b"", "invite", INVITATION_LASTS, organisation, person)
    return person, link(desk, connection, fresh)


def change_roles_as_operator(
    desk: Desk, connection: Connection, organisation: UUID, person: UUID, roles: Iterable[Role]
) -> None:
    """Make somebody exactly this. An operator may leave an organisation without administrator."""
    wanted, had = frozenset(roles), roles_in(connection, organisation, person)
    give_roles(connection, organisation, person, wanted - had, desk.now())
    for role in had - wanted:
        take_role(connection, organisation, person, role)
