"""One's own account: who one is, password, second factors, sessions."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import available_timezones

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from alerting.words import template
from gateway.access.desk import desk
from gateway.access.passwords import SHORTEST, hashed, is_right
from gateway.access.rights import Right
from gateway.access.session import Session
from gateway.access.step_up import is_fresh, must_be_fresh
from gateway.access.tries import begin_try
from gateway.errors import NotFound, WrongInput
from gateway.storage.credentials import passkeys_of, recovery_codes_left, second_factors
from gateway.storage.doorway import was_right
from gateway.storage.people import change_person, person_by_id, set_password
from gateway.storage.sessions import (
    end_session,
    end_sessions,
    move_session,
    organisations_of,
    sessions_of,
)
from gateway.web.navigation import Entry
from gateway.web.templates import page

router = APIRouter(include_in_schema=False)

NAVIGATION = Entry(95, template("Account"), "/account", frozenset(Right))

Text = Annotated[str, Form(max_length=200)]
Password = Annotated[str, Form(max_length=1000)]


@router.get("/account")
def account(request: Request) -> HTMLResponse:
    """Show the account."""
    desk(request).signed_in(request)
    return _page(request, desk(request).session(request))


@router.get("/account/here")
def here(request: Request) -> Response:
    """Hear that somebody is there, who types or reads and asks for nothing."""
    desk(request).session(request)
    return Response(status_code=204)


@router.post("/account")
def change(request: Request, name: Text, language: Text, zone: Text) -> Response:
    """Change what one says of oneself."""
    at = desk(request)
    session = at.session(request)
    if not name.strip() or zone not in available_timezones():
        wrong = WrongInput(template("A name has a letter, and a zone is one as Europe/Vienna."))
        return _page(request, session, wrong)
    with at.pools.of_access(session.who.organisation) as connection:
        change_person(connection, session.who.id, name.strip(), language[:8], zone)
        at.note(connection, session.who, "account.change")
    return RedirectResponse("/account", 303)


@router.post("/account/password")
def password(request: Request, now: Password, new: Password) -> Response:
    """Change one's password; other sessions end."""
    at = desk(request)
    session = at.session(request)
    number = begin_try(at, request, session.email)
    with at.pools.of_access() as connection:
        stored = person_by_id(connection, session.who.id)["hash"]
    if stored is None:
        must_be_fresh(at, request)
    elif not is_right(now, stored):
        return _page(request, session, WrongInput(template("This is not your password of now.")))
    try:
        chosen = hashed(new)
    except WrongInput as error:
        return _page(request, session, error)
    with at.pools.of_access(session.who.organisation) as connection:
        was_right(connection, number)
        set_password(connection, session.who.id, chosen, at.now())
        end_sessions(connection, session.who.id, at.now(), session.id)
        at.note(connection, session.who, "account.password")
    return RedirectResponse("/account", 303)


@router.post("/account/sessions/end")
def end(request: Request, session_id: Annotated[UUID | None, Form()] = None) -> Response:
    """End one of one's sessions, or all others."""
    at = desk(request)
    session = at.session(request)
    with at.pools.of_access(session.who.organisation) as connection:
        if session_id is None:
            end_sessions(connection, session.who.id, at.now(), session.id)
        elif not end_session(connection, session_id, session.who.id, at.now()):
            raise NotFound
        at.note(connection, session.who, "session.end", all=session_id is None)
    return RedirectResponse("/account", 303)


@router.post("/account/organisation")
def move(request: Request, organisation: Annotated[UUID, Form()]) -> Response:
    """Go on in another organisation."""
    at = desk(request)
    session = at.session(request)
    with at.pools.of_access(organisation) as connection:
        places = {place["id"] for place in organisations_of(connection, session.who.id)}
        if organisation not in places:
            raise NotFound
        move_session(connection, session.id, organisation)
        there = replace(session.who, organisation=organisation)
        at.note(connection, there, "session.move", came_from=session.who.organisation)
    return RedirectResponse("/", 303)


def _page(request: Request, session: Session, wrong: WrongInput | None = None) -> HTMLResponse:
    at, person = desk(request), session.who.id
    with at.pools.of_access() as connection:
        given: dict[str, Any] = {
            "places_of_work": organisations_of(connection, person),
            "sessions": sessions_of(connection, person, at.now()),
            "passkeys": passkeys_of(connection, person),
            "has": second_factors(connection, person),
            "codes_left": recovery_codes_left(connection, person),
            "has_password": person_by_id(connection, person)["hash"] is not None,
        }
    return page(
        request,
        "account.html",
        session.who,
        status=wrong.status if wrong else 200,
        wrong=wrong,
        session=session,
        fresh=is_fresh(at, session),
        shortest=SHORTEST,
        zones=sorted(available_timezones()),
        **given,
    )
