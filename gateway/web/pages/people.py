"""People of an organisation: who is what, inviting, roles, a new beginning."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from alerting.words import template
from gateway.access.desk import desk
from gateway.access.people import change_roles, invite, reset
from gateway.access.rights import RIGHTS, Right, Role
from gateway.access.step_up import must_be_fresh
from gateway.api.call import Call, needs
from gateway.errors import Conflict, Forbidden, NotFound, WrongInput
from gateway.storage.people import NewPerson, people_of
from gateway.web.navigation import Entry
from gateway.web.templates import page

router = APIRouter(include_in_schema=False)

NAVIGATION = Entry(
    80, template("People"), "/people", frozenset({Right.PEOPLE_WRITE, Right.AUDIT_READ}), "e"
)
Reads = Annotated[Call, needs(Right.PEOPLE_READ)]
Writes = Annotated[Call, needs(Right.PEOPLE_WRITE)]
Text = Annotated[str, Form(max_length=320)]
Roles = Annotated[list[Role], Form()]


@router.get("/people")
def people(request: Request, call: Reads) -> HTMLResponse:
    """Show who is something here."""
    return _list(request, call)


@router.post("/people")
def invite_somebody(
    request: Request, call: Writes, name: Text, email: Text, role: Roles
) -> HTMLResponse:
    """Invite somebody; show the link, once."""
    at = desk(request)
    must_be_fresh(at, request)
    if not name.strip() or "@" not in email.strip("@ "):
        return _list(request, call, WrongInput(template("Give a name and an e-mail address.")))
    new = NewPerson(name.strip(), email.strip().lower())
    try:
        with at.pools.of_access(call.who.organisation) as connection:
            _, link = invite(at, connection, call.who, new, role)
    except (Conflict, Forbidden, WrongInput) as error:
        return _list(request, call, error)
    return _list(request, call, link=link or "", invited=new.name)


@router.get("/people/{person}")
def one(request: Request, call: Reads, person: UUID) -> HTMLResponse:
    """Show somebody."""
    return _one(request, call, person)


@router.post("/people/{person}/roles")
def roles(
    request: Request, call: Writes, person: UUID, role: Annotated[list[Role] | None, Form()] = None
) -> Response:
    """Change what somebody is."""
    at = desk(request)
    must_be_fresh(at, request)
    try:
        with at.pools.of_access(call.who.organisation) as connection:
            change_roles(at, connection, call.who, person, role or [])
    except (Conflict, Forbidden) as error:
        return _one(request, call, person, error)
    return RedirectResponse("/people", 303)


@router.post("/people/{person}/reset")
def begin_anew(request: Request, call: Writes, person: UUID) -> HTMLResponse:
    """Let somebody begin anew; show the link, once."""
    at = desk(request)
    must_be_fresh(at, request)
    try:
        with at.pools.of_access(call.who.organisation) as connection:
            link = reset(at, connection, call.who, person)
    except Forbidden as error:
        return _one(request, call, person, error)
    return _one(request, call, person, link=link)


def _rows(request: Request, call: Call) -> list[dict[str, Any]]:
    with desk(request).pools.of_access(call.who.organisation) as connection:
        return people_of(connection, call.who.organisation)


def _list(
    request: Request,
    call: Call,
    wrong: Conflict | Forbidden | WrongInput | None = None,
    **more: Any,
) -> HTMLResponse:
    given = {"link": "", "invited": "", **more}
    return page(
        request,
        "people.html",
        call.who,
        status=wrong.status if wrong else 200,
        wrong=wrong,
        people=_rows(request, call),
        all_roles=list(Role),
        may_write=call.who.may(Right.PEOPLE_WRITE),
        **given,
    )


def _one(
    request: Request,
    call: Call,
    person: UUID,
    wrong: Conflict | Forbidden | None = None,
    link: str = "",
) -> HTMLResponse:
    found = next((row for row in _rows(request, call) if row["id"] == person), None)
    if found is None:
        raise NotFound
    return page(
        request,
        "person.html",
        call.who,
        status=wrong.status if wrong else 200,
        wrong=wrong,
        link=link,
        person=found,
        rights={role: sorted(rights) for role, rights in RIGHTS.items()},
        may_write=call.who.may(Right.PEOPLE_WRITE),
    )
