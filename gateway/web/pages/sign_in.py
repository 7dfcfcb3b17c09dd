"""Signing in by password and second factor, and out."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.access import demo
from gateway.access.desk import Desk, desk
from gateway.access.sign_in import (
    SignInRefused,
    by_password,
    by_second_factor,
    record,
    waiting,
)
from gateway.access.tries import TooManyTries
from gateway.errors import GatewayError, NotSignedIn
from gateway.storage.credentials import second_factors
from gateway.storage.sessions import end_session
from gateway.web.cookies import STEP, onward, with_session, without_session
from gateway.web.templates import page

router = APIRouter(include_in_schema=False)

Short = Annotated[str, Form(max_length=320)]


@router.get("/sign-in")
def sign_in_page(request: Request) -> HTMLResponse:
    """Ask who it is."""
    return _form(request)


@router.post("/sign-in")
def sign_in(
    request: Request, email: Short, password: Annotated[str, Form(max_length=1000)]
) -> Response:
    """Look whether it is them; a session begins, or a second factor is asked for."""
    try:
        return onward(by_password(desk(request), request, email, password))
    except (SignInRefused, TooManyTries) as error:
        answer = _form(request, error, email)
        answer.background = BackgroundTask(record, desk(request), error)
        return answer


@router.get("/sign-in/second")
def second_page(request: Request) -> Response:
    """Ask for the second factor."""
    return _second(request)


@router.post("/sign-in/second")
def second(request: Request, code: Short) -> Response:
    """Look whether it is right; the session begins."""
    try:
        cookie = by_second_factor(desk(request), request, request.cookies.get(STEP, ""), code)
    except (SignInRefused, TooManyTries) as error:
        return _second(request, error)
    return with_session(RedirectResponse("/", 303), cookie)


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    """End the session."""
    at = desk(request)
    try:
        session = at.session(request)
    except NotSignedIn:
        pass
    else:
        with at.pools.of_access(session.who.organisation) as connection:
            end_session(connection, session.id, session.who.id, at.now())
            at.note(connection, session.who, "sign-out.done")
    return without_session(RedirectResponse("/sign-in", 303))


def _form(request: Request, wrong: GatewayError | None = None, email: str = "") -> HTMLResponse:
    settings = desk(request).settings
    return page(
        request,
        "sign_in.html",
        None,
        status=wrong.status if wrong else 200,
        headers=getattr(wrong, "headers", None),
        wrong=wrong,
        email=email,
        provider=settings.oidc_name if settings.oidc_issuer else "",
        demo_people=_demo_people(desk(request)),
        demo_password=demo.PASSWORD,
    )


def _demo_people(at: Desk) -> list[tuple[str, str]]:
    """Return whom a newcomer may be, where the site says so."""
    if not at.settings.demo_sign_in:
        return []
    return [(demo.address(role), name) for role, name in demo.PEOPLE.items()]


def _second(request: Request, wrong: GatewayError | None = None) -> HTMLResponse:
    at = desk(request)
    person = waiting(at, request.cookies.get(STEP, ""))
    with at.pools.of_access() as connection:
        has = second_factors(connection, person["id"])
    return page(
        request,
        "second.html",
        None,
        status=wrong.status if wrong else 200,
        headers=getattr(wrong, "headers", None),
        wrong=wrong,
        has=has,
        action="/sign-in/second",
        passkey="/sign-in/passkey",
        onward="/",
    )
