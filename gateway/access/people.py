"""Inviting people, and what they may: roles are changed by administrators, and never one's own."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from uuid import UUID

from alerting.words import template
from gateway.access.desk import Desk
from gateway.access.rights import Role
from gateway.access.secrets import digest, new_secret
from gateway.access.who import Who
from gateway.errors import Conflict, Forbidden, NotFound, WrongInput
from gateway.storage.credentials import can_sign_in, forget_credentials
from gateway.storage.database import Connection
from gateway.storage.doorway import NewLink, add_link
from gateway.storage.people import (
    NewPerson,
    add_person,
    administrators,
    give_roles,
    person_by_email,
    roles_in,
    set_disabled,
    take_role,
)
from gateway.storage.sessions import end_sessions, organisations_of

INVITATION_LASTS: Final = timedelta(days=7)
RESET_LASTS: Final = timedelta(hours=24)
WELCOME: Final = "/welcome/"


class OwnRoles(Forbidden):
    """Nobody gives a role to themselves; ask another administrator."""

    code = "own_roles"


class LastAdministrator(Conflict):
    """An organisation keeps at least one administrator; name another one first."""

    code = "last_administrator"


class NotOnlyYours(Forbidden):
    """This person works for another organisation too; the site's operator can do this."""

    code = "not_only_yours"


def link(desk: Desk, connection: Connection, new: NewLink) -> str:
    """Store a one-time link and return its address, which nobody sees again."""
    secret = new_secret()
    values = {name: getattr(new, name) for name in NewLink.__slots__}
    add_link(connection, NewLink(**{**values, "digest": digest(secret)}), desk.now())
    return f"{desk.settings.console_origin}{WELCOME}{secret}"


def invite(
    desk: Desk, connection: Connection, by: Who, new: NewPerson, roles: Iterable[Role]
) -> tuple[UUID, str | None]:
    """Make somebody something here; return the link by which they choose a password.

    Who can sign in already needs none. Of who works elsewhere too, nobody gets one from here: it
    would open what they may see there.
    """
    wanted, now = frozenset(roles), desk.now()
    if not wanted:
        raise WrongInput(template("Choose one role at least."))
    known = person_by_email(connection, new.email)
    if known is not None and known["id"] == by.id:
        raise OwnRoles
    person = known["id"] if known else add_person(connection, new, now)
    give_roles(connection, by.organisation, person, wanted, now, by.id)
    desk.note(
        connection,
        by,
        "person.invite",
        subject=("person", str(person)),
        roles=sorted(wanted),
    )
    places = {place["id"] for place in organisations_of(connection, person)}
    if can_sign_in(connection, person) or places != {by.organisation}:
        return person, None
    fresh = NewLink(b"", "invite", INVITATION_LASTS, by.organisation, person, by=by.id)
    return person, link(desk, connection, fresh)


def change_roles(
    desk: Desk, connection: Connection, by: Who, person: UUID, roles: Iterable[Role]
) -> None:
    """Make somebody exactly this; nothing: they are gone from here. Sessions follow at once."""
    wanted, now = frozenset(roles), desk.now()
    others = administrators(connection, by.organisation) - {person}
    had = roles_in(connection, by.organisation, person)
    if not had:
        raise NotFound
    if person == by.id and wanted - had:
        raise OwnRoles
    if Role.ADMINISTRATOR in had - wanted and not others:
        raise LastAdministrator
    give_roles(connection, by.organisation, person, wanted - had, now, by.id)
    for role in had - wanted:
        take_role(connection, by.organisation, person, role)
    if wanted != had:
        desk.note(
            connection,
            by,
            "person.roles",
            subject=("person", str(person)),
            given=sorted(wanted - had),
            taken=sorted(had - wanted),
        )


def reset(desk: Desk, connection: Connection, by: Who, person: UUID) -> str:
    """Forget how somebody signs in, end their sessions, and return a link to begin anew."""
    places = [place["id"] for place in organisations_of(connection, person)]
    if by.organisation not in places:
        raise NotFound
    if person == by.id:
        raise OwnRoles(template("Change your password under your own account."))
    if len(places) > 1:
        raise NotOnlyYours
    desk.note(connection, by, "person.reset", subject=("person", str(person)))
    return begin_anew(desk, connection, person, by.id)


def begin_anew(desk: Desk, connection: Connection, person: UUID, by: UUID | None = None) -> str:
    """Forget how somebody signs in, let them in again; return the link to begin anew."""
    forget_credentials(connection, person)
    set_disabled(connection, person, None)
    end_sessions(connection, person, desk.now())
    return link(desk, connection, NewLink(b"", "reset", RESET_LASTS, person=person, by=by))


def disable(desk: Desk, connection: Connection, person: UUID) -> None:
    """Let somebody sign in no more, anywhere. For operators of the site."""
    set_disabled(connection, person, desk.now())
    end_sessions(connection, person, desk.now())
