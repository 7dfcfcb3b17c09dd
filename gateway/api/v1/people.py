"""Colleagues and their roles. What signs people in is not part of the API.

An invitation's link is a secret that is kept nowhere: so these take no Idempotency-Key.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from gateway.access.desk import desk
from gateway.access.people import change_roles, invite
from gateway.access.rights import Right, Role
from gateway.access.step_up import must_be_fresh
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.etag import IfMatch, etag, must_match
from gateway.api.paging import BY_ID, Cursor, Limit, Page, page_of, read_cursor
from gateway.storage.colleagues import Colleague, colleagues, find_colleague
from gateway.storage.people import NewPerson

router = APIRouter(prefix="/api/v1/people", tags=["people"], responses=problems())

Reads = Annotated[Call, needs(Right.PEOPLE_READ)]
Writes = Annotated[Call, needs(Right.PEOPLE_WRITE)]


class Person(Colleague):
    """Somebody who has a role here; the ETag is what a change of the roles must name."""

    etag: str


class Inviting(BaseModel):
    """Who shall be able to sign in, and as what."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "Grace Hopper", "email": "grace@example.org", "roles": ["coordinator"]}
            ]
        },
    )

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
    email: Annotated[str, Field(max_length=320, pattern=r"^[^@\s]+@[^@\s]+$")]
    roles: Annotated[tuple[Role, ...], Field(min_length=1, max_length=5)]


class InvitedPerson(BaseModel):
    """Their id, and the link by which they choose a password; null for who can sign in already."""

    id: UUID
    link: str | None


class Roles(BaseModel):
    """All that somebody is; none: they are gone from here."""

    model_config = ConfigDict(extra="forbid")

    roles: Annotated[tuple[Role, ...], Field(max_length=5)]


@router.get("", summary="People", responses=problems(400))
def list_all(call: Reads, limit: Limit = 50, cursor: Cursor = None) -> Page[Person]:
    """List who has a role in this organisation, by name."""
    after = read_cursor(cursor, BY_ID)
    last = UUID(after[0]) if after else None
    rows = colleagues(call.connection, after=last, limit=limit + 1)
    kept, following = page_of(rows, limit, lambda row: [str(row.id)])
    return Page(items=[_shown(row) for row in kept], next=following)


@router.get("/{person}", summary="Somebody", responses=problems(404))
def show(person: UUID, call: Reads) -> Person:
    """Show somebody's roles."""
    return _shown(find_colleague(call.connection, person))


@router.post("", status_code=201, summary="Invite somebody", responses=problems(400, 409))
def add(request: Request, new: Inviting, call: Writes) -> InvitedPerson:
    """Invite somebody; the link works once, for a week, and is shown only here."""
    at = desk(request)
    must_be_fresh(at, request)
    person = NewPerson(new.name.strip(), new.email.lower())
    with at.pools.of_access(call.who.organisation) as connection:
        id_, link = invite(at, connection, call.who, person, new.roles)
    return InvitedPerson(id=id_, link=link)


@router.put("/{person}/roles", summary="Change roles", responses=problems(404, 409, 412, 428))
def change(
    request: Request, person: UUID, new: Roles, call: Writes, if_match: IfMatch = None
) -> Roles:
    """Make somebody exactly this, and nobody's own roles more."""
    at = desk(request)
    must_be_fresh(at, request)
    must_match(if_match, _shown(find_colleague(call.connection, person)).etag)
    with at.pools.of_access(call.who.organisation) as connection:
        change_roles(at, connection, call.who, person, new.roles)
    return new


def _shown(row: Colleague) -> Person:
    return Person(**dict(row), etag=etag(row.id, *row.roles))
