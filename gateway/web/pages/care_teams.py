"""Care teams: who cares for whom, and what for."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from alerting.words import template
from gateway.access.restricted import must_be_taken_in
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.errors import Changed, Conflict
from gateway.storage import care_teams
from gateway.storage.care_teams import Function
from gateway.web.answers import go
from gateway.web.navigation import Entry
from gateway.web.templates import page

WRITERS: Final = frozenset({Right.PATIENTS_WRITE, Right.ORGANISATION_WRITE})
NAVIGATION = Entry(70, template("Care teams"), "/care-teams", WRITERS)
FUNCTIONS: Final[dict[Function, str]] = {
    "lead": template("Leads the team"),
    "physician": template("Physician"),
    "nurse": template("Nurse"),
    "coordinator": template("Coordinator"),
    "pharmacist": template("Pharmacist"),
    "dietitian": template("Dietitian"),
    "therapist": template("Therapist"),
    "social_worker": template("Social worker"),
    "technician": template("Technician"),
    "other": template("Something else"),
}
NO_NAME: Final = template("A team has a name.")
NAME_TAKEN: Final = template("A care team has this name already.")
CHANGED: Final = template("Somebody changed this team meanwhile. Look at it again, then decide.")

router = APIRouter(include_in_schema=False)
Writer = Annotated[Call, needs(*WRITERS)]
Version = Annotated[int, Form()]


@router.get("/care-teams")
def show(call: Writer, request: Request) -> HTMLResponse:
    """Show the teams with who is in them."""
    call.audit("care-team.list")
    return _page(call, request)


@router.post("/care-teams")
def add(
    call: Writer, request: Request, name: Annotated[str, Form(max_length=200)] = ""
) -> Response:
    """Make a team without anybody in it."""
    if not (bare := " ".join(name.split())):
        return _page(call, request, 422, wrong=NO_NAME)
    try:
        with call.connection.transaction():
            id_ = care_teams.add_team(
                call.connection, call.who.organisation, bare, call.who.name, call.now
            )
    except Conflict:
        return _page(call, request, 409, wrong=NAME_TAKEN, typed=bare)
    call.audit("care-team.add", subject=("care_team", str(id_)))
    return go(request, f"/care-teams#team-{id_}")


@router.post("/care-teams/{team}/members")
def put_member(
    team: UUID,
    call: Writer,
    request: Request,
    version: Version,
    person: Annotated[UUID, Form()],
    function: Annotated[Function, Form()],
) -> Response:
    """Take a colleague in, or give them another function."""
    must_be_taken_in(call, team, person)
    if not _changed(call, team, version, person, function):
        return _page(call, request, 412, changed=team)
    care_teams.put_member(call.connection, team, person, function, call.now)
    return go(request, f"/care-teams#team-{team}")


@router.post("/care-teams/{team}/members/{person}/end")
def end_member(
    team: UUID, person: UUID, call: Writer, request: Request, version: Version
) -> Response:
    """Let somebody go: of restricted patients they see nothing from now on."""
    if not _changed(call, team, version, person):
        return _page(call, request, 412, changed=team)
    care_teams.end_member(call.connection, team, person, call.now)
    return go(request, f"/care-teams#team-{team}")


def _changed(
    call: Call, team: UUID, version: int, person: UUID, function: Function | None = None
) -> bool:
    """Take the team's next version; False where somebody else has taken it."""
    try:
        care_teams.change_team(call.connection, team, version)
    except Changed:
        return False
    subject = ("care_team", str(team))
    call.audit("care-team.change", subject=subject, person=str(person), function=function)
    return True


def _page(call: Call, request: Request, status: int = 200, **more: Any) -> HTMLResponse:
    teams = care_teams.teams(call.connection)
    return page(
        request,
        "care_teams.html",
        call.who,
        status=status,
        teams=teams,
        members={each.id: care_teams.members(call.connection, each.id) for each in teams},
        colleagues=care_teams.colleagues(call.connection),
        functions=FUNCTIONS,
        said_changed=CHANGED,
        **{"wrong": "", "typed": "", "changed": None, **more},
    )
