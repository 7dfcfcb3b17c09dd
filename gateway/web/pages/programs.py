"""Programs that use the API: register one, see when it was used last, end it."""

import json
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from alerting.words import template
from gateway.access.assertion import WrongKeys
from gateway.access.desk import desk
from gateway.access.programs import BY_KEYS, FOR_PROGRAMS, register_program
from gateway.access.rights import Right
from gateway.access.step_up import must_be_fresh
from gateway.api.call import Call, needs
from gateway.errors import NotFound, WrongInput
from gateway.storage.programs import end_program, programs_of
from gateway.web.navigation import Entry
from gateway.web.templates import page

router = APIRouter(include_in_schema=False)

NAVIGATION = Entry(85, template("Programs"), "/programs", frozenset({Right.PEOPLE_WRITE}))
Writes = Annotated[Call, needs(Right.PEOPLE_WRITE)]


@router.get("/programs")
def programs(request: Request, call: Writes) -> HTMLResponse:
    """Show the programs of the organisation."""
    return _page(request, call)


@router.post("/programs")
def register(
    request: Request,
    call: Writes,
    name: Annotated[str, Form(max_length=200)],
    kind: Annotated[Literal["key", "secret", "jwks"], Form()],
    right: Annotated[list[Right] | None, Form()] = None,
    jwks: Annotated[str, Form(max_length=20_000)] = "",
) -> HTMLResponse:
    """Register a program; show its key or secret, once."""
    at = desk(request)
    must_be_fresh(at, request)
    place = call.who.organisation
    try:
        with at.pools.of_access(place) as connection:
            id_, secret = register_program(
                connection,
                place,
                name.strip(),
                right or [],
                kind,
                call.who.id,
                at.now(),
                _keys(jwks) if kind == BY_KEYS else None,
            )
            subject = ("program", str(id_))
            at.note(
                connection, call.who, "program.add", subject=subject, rights=sorted(right or [])
            )
    except WrongInput as error:
        return _page(request, call, error)
    return _page(request, call, secret=secret, made=str(id_), kind=kind)


@router.post("/programs/{program}/end")
def end(request: Request, call: Writes, program: UUID) -> Response:
    """End a program: its keys and tokens are good for nothing from now on."""
    at = desk(request)
    must_be_fresh(at, request)
    with at.pools.of_access(call.who.organisation) as connection:
        if end_program(connection, call.who.organisation, program, at.now()) is None:
            raise NotFound
        at.note(connection, call.who, "program.end", subject=("program", str(program)))
    return RedirectResponse("/programs", 303)


def _keys(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        raise WrongKeys from None
    if not isinstance(found, dict):
        raise WrongKeys
    return found


def _page(
    request: Request, call: Call, wrong: WrongInput | None = None, **more: Any
) -> HTMLResponse:
    with desk(request).pools.of_access(call.who.organisation) as connection:
        found = programs_of(connection, call.who.organisation)
    given = {"secret": "", "made": "", "kind": "", **more}
    return page(
        request,
        "programs.html",
        call.who,
        status=wrong.status if wrong else 200,
        wrong=wrong,
        programs=found,
        rights=sorted(FOR_PROGRAMS),
        **given,
    )
