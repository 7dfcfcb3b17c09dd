"""Programmes: what people are followed for, by packs of rules that a clinician signed off."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.idempotency import OnceOnly
from gateway.api.made import Done
from gateway.api.of_patient import looked_at
from gateway.api.site_rules import SitePacks, SiteRules
from gateway.care.limits_left import LeftLimits, limits_left
from gateway.errors import NotFound
from gateway.storage import programmes

router = APIRouter(prefix="/api/v1/programmes", tags=["programmes"], responses=problems(404, 409))

Reads = Annotated[Call, needs(Right.ORGANISATION_READ)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]


class ProgrammeRow(BaseModel):
    """A programme, its packs, and how many people are in it."""

    key: str
    title: str
    packs: list[str]
    people: int


class NewProgramme(BaseModel):
    """A programme of packs that are signed off here."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"key": "heart-failure", "title": "Heart failure", "packs": ["heart_failure"]}
            ]
        },
    )

    key: Key
    title: Annotated[str, Field(min_length=1, max_length=200)]
    packs: Annotated[tuple[str, ...], Field(min_length=1, max_length=20)]


class Joining(BaseModel):
    """Who is taken in, and why."""

    model_config = ConfigDict(extra="forbid")

    patient: UUID
    reason: Annotated[str, Field(min_length=3, max_length=500, examples=["Referred by Dr. Low."])]


class Joined(Done):
    """The patient is in it. `limits_left` are their own limits that count no more: they are on
    rules that the programme's rules stand in for, and have to be set for those."""

    limits_left: tuple[LeftLimits, ...] = ()


@router.get("", summary="Programmes")
def list_all(call: Reads) -> list[ProgrammeRow]:
    """List programmes by key."""
    rows = programmes.list_programmes(call.connection, call.who.organisation, call.now)
    return [ProgrammeRow.model_validate(row) for row in rows]


@router.post("", status_code=201, summary="Add a programme")
def add(
    new: NewProgramme,
    call: Annotated[Call, needs(Right.RULES_WRITE)],
    packs: SitePacks,
    once: OnceOnly,
) -> Done:
    """Add a programme. Each of its packs is signed off by a clinician of this organisation."""

    def made() -> Done:
        if unknown := sorted(set(new.packs) - set(packs)):
            raise NotFound(f"There is no pack {unknown[0]} at this site.")
        programmes.add_programme(
            call.connection,
            call.who.organisation,
            new.key,
            new.title,
            [packs[each] for each in new.packs],
            call.who.name,
            call.now,
        )
        call.audit("programme.add", subject=("programme", new.key))
        return Done()

    return once(call, new, Done, made)


@router.post("/{key}/members", status_code=201, summary="Take a patient in")
def join(
    key: str,
    new: Joining,
    call: Annotated[Call, needs(Right.PATIENTS_WRITE)],
    rules: SiteRules,
    once: OnceOnly,
) -> Joined:
    """Take a patient in: from now on the programme's rules hold for them."""

    def joined() -> Joined:
        looked_at(call, new.patient, "programme.join")
        place, name = call.who.organisation, call.who.name
        programmes.join(call.connection, place, key, new.patient, name, new.reason, call.now)
        left = limits_left(call.connection, rules, new.patient, call.now)
        return Joined(limits_left=left)

    return once(call, new, Joined, joined)


@router.post("/{key}/members/{patient}/end", summary="Let a patient leave")
def leave(
    key: str,
    patient: UUID,
    call: Annotated[Call, needs(Right.PATIENTS_WRITE)],
    once: OnceOnly,
) -> Done:
    """Let a patient leave; alerts of its rules end, and who has a task of theirs is told."""

    def left() -> Done:
        looked_at(call, patient, "programme.leave")
        programmes.leave(call.connection, call.who.organisation, key, patient, call.now)
        return Done()

    return once(call, None, Done, left)
