"""Organisations: where somebody works, and which one a session is in."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request

from gateway.access.desk import desk
from gateway.access.rights import Right, Role
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.made import Done
from gateway.errors import NotFound, WrongInput
from gateway.storage.sessions import move_session, organisations_of

router = APIRouter(prefix="/api/v1/organisations", tags=["organisations"], responses=problems())

Reads = Annotated[Call, needs(Right.ORGANISATION_READ)]


class Place(BaseModel):
    """An organisation and what you are there; `current`: this session or program is in it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "ae7b5f33-6e00-4acf-904f-965f16226694",
                    "name": "Seaside Clinic",
                    "roles": ["clinician"],
                    "current": True,
                }
            ]
        }
    )

    id: UUID
    name: str
    roles: list[Role]
    current: bool


class Going(BaseModel):
    """Where to go on."""

    model_config = ConfigDict(extra="forbid")

    organisation: UUID


@router.get("", summary="Where I work")
def list_mine(request: Request, call: Reads) -> list[Place]:
    """List the organisations of the person who asks; of a program its own."""
    who = call.who
    if who.session is None:
        return [Place(id=who.organisation, name=who.organisation_name, roles=[], current=True)]
    with desk(request).pools.of_access() as connection:
        rows = organisations_of(connection, who.id)
    return [
        Place(**{key: row[key] for key in ("id", "name", "roles")}, current=current)
        for row in rows
        for current in [row["id"] == who.organisation]
    ]


@router.post("/current", summary="Go on in another organisation", responses=problems(400, 404))
def switch(request: Request, going: Going, call: Reads) -> Done:
    """Move this session: from the next request on it sees the other organisation."""
    who, at = call.who, desk(request)
    if who.session is None:
        raise WrongInput("A program belongs to one organisation.")
    with at.pools.of_access(going.organisation) as connection:
        if going.organisation not in {row["id"] for row in organisations_of(connection, who.id)}:
            raise NotFound("You have no role in this organisation.")
        move_session(connection, who.session, going.organisation)
    call.audit("session.leave", subject=("organisation", str(going.organisation)))
    return Done()
