"""Programs that use the API: registered by administrators. Their secrets are shown once.

So these take no Idempotency-Key: an answer that holds a secret is kept nowhere.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from gateway.access.desk import desk
from gateway.access.programs import register_program
from gateway.access.rights import Right
from gateway.access.step_up import must_be_fresh
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.made import Done
from gateway.errors import NotFound
from gateway.storage.programs import end_program, programs_of

router = APIRouter(prefix="/api/v1/programs", tags=["people"], responses=problems())

Writes = Annotated[Call, needs(Right.PEOPLE_WRITE)]


class Program(BaseModel):
    """A program, what it may, and until when its key or secret holds."""

    id: UUID
    name: str
    rights: list[Right]
    kinds: str
    made_by: str | None
    created_at: datetime
    disabled_at: datetime | None
    used_at: datetime | None
    ends_at: datetime | None


class NewProgram(BaseModel):
    """A program: `key` is sent as it is, `secret` is exchanged for tokens (OAuth 2).

    With `jwks` it signs for its tokens by a key of its own (SMART backend services).
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "Warehouse", "kind": "secret", "rights": ["patients:read", "alerts:read"]}
            ]
        },
    )

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
    kind: Literal["key", "secret", "jwks"]
    rights: Annotated[tuple[Right, ...], Field(min_length=1, max_length=40)]
    jwks: Annotated[
        dict[str, Any] | None,
        Field(description="Of kind `jwks`: a JWK Set (RFC 7517) of public keys, RS384 or ES384."),
    ] = None


class Registered(BaseModel):
    """The program's id, and its key or secret, which nobody sees again; of `jwks` there is none."""

    id: UUID
    secret: str | None


@router.get("", summary="Programs")
def list_all(request: Request, call: Writes) -> list[Program]:
    """List programs, ended ones last."""
    with desk(request).pools.of_access(call.who.organisation) as connection:
        return [Program(**row) for row in programs_of(connection, call.who.organisation)]


@router.post("", status_code=201, summary="Register a program", responses=problems(400))
def add(request: Request, new: NewProgram, call: Writes) -> Registered:
    """Register a program. It never gets the rights that only people have."""
    at, place = desk(request), call.who.organisation
    must_be_fresh(at, request)
    with at.pools.of_access(place) as connection:
        id_, secret = register_program(
            connection,
            place,
            new.name.strip(),
            new.rights,
            new.kind,
            call.who.id,
            at.now(),
            new.jwks,
        )
        rights = sorted(new.rights)
        at.note(connection, call.who, "program.add", subject=("program", str(id_)), rights=rights)
    return Registered(id=id_, secret=secret)


@router.post("/{program}/end", summary="End a program", responses=problems(404))
def end(request: Request, program: UUID, call: Writes) -> Done:
    """End a program: its keys and tokens are good for nothing from now on."""
    at = desk(request)
    must_be_fresh(at, request)
    with at.pools.of_access(call.who.organisation) as connection:
        if end_program(connection, call.who.organisation, program, at.now()) is None:
            raise NotFound("There is no such program that is in force.")
        at.note(connection, call.who, "program.end", subject=("program", str(program)))
    return Done()
