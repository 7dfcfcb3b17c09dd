"""`user`: people of the console, for operators of the site."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Annotated
from uuid import UUID

import typer

from gateway.access.demo import PASSWORD, add_demo_people
from gateway.access.desk import Desk
from gateway.access.operators import change_roles_as_operator, invite_as_operator
from gateway.access.people import begin_anew, disable
from gateway.access.rights import Role
from gateway.audit.append import append
from gateway.audit.operators import by_operator
from gateway.cli import given
from gateway.cli.output import JsonOption, print_json, print_table
from gateway.errors import NotFound
from gateway.settings import Settings, load_settings
from gateway.storage.database import Connection
from gateway.storage.people import NewPerson, people_of, person_by_email
from gateway.storage.roles import Pools, pools
from gateway.storage.sessions import organisations_of

Organisation = Annotated[UUID, typer.Option("--organisation", help="Its id.")]
Email = Annotated[str, typer.Argument(help="E-mail address, by which they sign in.")]
By = Annotated[str, typer.Option("--by", help="Who gives this command; without: who is signed in.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    group = typer.Typer(help="People of the console.", no_args_is_help=True)
    for command in (invite, list_, role, disable_, reset, demo):
        group.command(command.__name__.rstrip("_"))(command)
    app.add_typer(group, name="user")


def invite(
    email: Email,
    name: Annotated[str, typer.Option("--name")],
    organisation: Organisation,
    role: Annotated[list[Role], typer.Option("--role", help="May be given several times.")],
    by: By = "",
    as_json: JsonOption = False,
) -> None:
    """Make somebody something in an organisation; print the link by which they begin."""
    with _desk() as (at, connection):
        new = NewPerson(given.name(name), given.name(email).lower())
        person, link = invite_as_operator(at, connection, organisation, new, role)
        by_operator(
            connection,
            given.who(by),
            "person.invite",
            "organisation",
            organisation,
            person=person,
            given=sorted(role),
        )
    if as_json:
        print_json({"id": person, "link": link})
    else:
        print(link or "They can sign in already.")


def list_(organisation: Organisation, as_json: JsonOption = False) -> None:
    """List who is something in an organisation."""
    with _desk() as (_, connection):
        rows = people_of(connection, organisation)
    if as_json:
        print_json(rows)
        return
    shown = [
        {
            "name": row["name"],
            "email": row["email"],
            "roles": ", ".join(row["roles"]),
            "second_factor": "yes" if row["has_second"] else "no",
            "last_seen": row["last_seen"],
            "state": "disabled" if row["disabled_at"] else "demo" if row["demo"] else "",
        }
        for row in rows
    ]
    print_table("People", shown, "Nobody is registered here: `user invite`.")


def role(
    email: Email,
    organisation: Organisation,
    roles: Annotated[list[Role] | None, typer.Option("--role", help="Exactly these.")] = None,
    by: By = "",
) -> None:
    """Make somebody exactly this in an organisation; without --role they are gone from there."""
    with _desk() as (at, connection):
        person = _person(connection, email)
        change_roles_as_operator(at, connection, organisation, person, roles or [])
        by_operator(
            connection,
            given.who(by),
            "person.roles",
            "organisation",
            organisation,
            person=person,
            roles=sorted(roles or []),
        )


def disable_(email: Email, by: By = "") -> None:
    """Let somebody sign in no more, anywhere; their sessions end."""
    with _desk() as (at, connection):
        person = _person(connection, email)
        disable(at, connection, person)
        _record(connection, given.who(by), person, "person.disable")


def reset(email: Email, by: By = "", as_json: JsonOption = False) -> None:
    """Forget how somebody signs in, let them in again where they were disabled; print a link."""
    with _desk() as (at, connection):
        person = _person(connection, email)
        link = begin_anew(at, connection, person)
        _record(connection, given.who(by), person, "person.reset")
    print_json({"link": link}) if as_json else print(link)


def demo(
    organisation: Organisation,
    zone: Annotated[str, typer.Option("--timezone")] = "UTC",
    as_json: JsonOption = False,
) -> None:
    """Register demo people; they sign in where HEARTHLINE_DEMO_SIGN_IN=true only."""
    with _desk() as (at, connection):
        made = add_demo_people(connection, organisation, given.zone(zone), at.now())
    if as_json:
        print_json({"people": made, "password": PASSWORD})
    else:
        print("\n".join([*made.values(), f"password: {PASSWORD}"]))


@contextmanager
def _desk() -> Iterator[tuple[Desk, Connection]]:
    """Give a desk, and a transaction as the database's owner."""
    settings: Settings = load_settings()
    database = settings.database()
    doors: Pools = pools(database, None, None)
    with database.transaction() as connection:
        yield Desk(settings, doors, partial(datetime.now, UTC), append), connection


def _person(connection: Connection, email: str) -> UUID:
    row = person_by_email(connection, email)
    if row is None:
        raise NotFound(f"Nobody with the address {email} is registered.")
    found: UUID = row["id"]
    return found


def _record(connection: Connection, by: str, person: UUID, action: str) -> None:
    for place in organisations_of(connection, person):
        by_operator(connection, by, action, "organisation", place["id"], person=person)
