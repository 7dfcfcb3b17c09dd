"""Care teams: who cares for whom."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from gateway.access.restricted import must_be_taken_in
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.etag import IfMatch, etag, must_match
from gateway.api.idempotency import OnceOnly
from gateway.api.made import Made
from gateway.api.paging import BY_ID, Cursor, Limit, Page, page_of, read_cursor
from gateway.storage import care_teams
from gateway.storage.care_teams import Function, Member, Team

router = APIRouter(prefix="/api/v1/care-teams", tags=["care teams"], responses=problems())

Reads = Annotated[Call, needs(Right.ORGANISATION_READ)]
Writes = Annotated[Call, needs(Right.PATIENTS_WRITE, Right.ORGANISATION_WRITE)]
EDITS = problems(400, 404, 409, 412, 428)


class Naming(BaseModel):
    """What a team is called."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "North"}]})

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]


class Taking(BaseModel):
    """What somebody does in a team."""

    model_config = ConfigDict(extra="forbid")

    function: Function


class TeamWhole(Team):
    """A team with who is in it now."""

    people: tuple[Member, ...]


@router.get("", summary="Care teams", responses=problems(400))
def list_all(call: Reads, limit: Limit = 50, cursor: Cursor = None) -> Page[Team]:
    """List teams by name."""
    after = read_cursor(cursor, BY_ID)
    last = UUID(after[0]) if after else None
    rows = care_teams.teams(call.connection, after=last, limit=limit + 1)
    kept, following = page_of(rows, limit, lambda row: [str(row.id)])
    return Page(items=list(kept), next=following)


@router.get("/{team}", summary="A care team", responses=problems(404))
def show(team: UUID, call: Reads, response: Response) -> TeamWhole:
    """Show a team and who is in it; the ETag is what a change must name."""
    found = _whole(call, team)
    response.headers["ETag"] = _tag(found)
    return found


@router.post("", status_code=201, summary="Make a care team", responses=problems(400, 409))
def add(new: Naming, call: Writes, once: OnceOnly) -> Made:
    """Make a team without anybody in it."""

    def made() -> Made:
        place, name = call.who.organisation, new.name.strip()
        id_ = care_teams.add_team(call.connection, place, name, call.who.name, call.now)
        call.audit("care-team.add", subject=("care_team", str(id_)))
        return Made(id=id_)

    return once(call, new, Made, made)


@router.put("/{team}", summary="Name a care team anew", responses=EDITS)
def rename(
    team: UUID, new: Naming, call: Writes, response: Response, if_match: IfMatch = None
) -> TeamWhole:
    """Name it anew."""
    _change(call, team, if_match, new.name.strip())
    return show(team, call, response)


@router.put("/{team}/members/{person}", summary="Take somebody in", responses=EDITS)
def put_member(
    team: UUID,
    person: UUID,
    new: Taking,
    call: Writes,
    response: Response,
    if_match: IfMatch = None,
) -> TeamWhole:
    """Take a colleague in, or give them another function."""
    must_be_taken_in(call, team, person)
    _change(call, team, if_match, person=str(person), function=new.function)
    care_teams.put_member(call.connection, team, person, new.function, call.now)
    return show(team, call, response)


@router.delete("/{team}/members/{person}", summary="Let somebody go", responses=EDITS)
def end_member(
    team: UUID, person: UUID, call: Writes, response: Response, if_match: IfMatch = None
) -> TeamWhole:
    """Let somebody go. Of restricted patients they see nothing from now on."""
    _change(call, team, if_match, person=str(person), function=None)
    care_teams.end_member(call.connection, team, person, call.now)
    return show(team, call, response)


def _change(
    call: Call, team: UUID, if_match: str | None, name: str | None = None, **who: Any
) -> None:
    found = care_teams.team(call.connection, team)
    must_match(if_match, _tag(found))
    care_teams.change_team(call.connection, team, found.version, name)
    call.audit("care-team.change", subject=("care_team", str(team)), **who)


def _whole(call: Call, team: UUID) -> TeamWhole:
    found = care_teams.team(call.connection, team)
    return TeamWhole(**dict(found), people=care_teams.members(call.connection, team))


def _tag(team: Team) -> str:
    return etag(team.id, team.version)
