"""Setting second factors up and away, recovery codes, and showing once more who one is."""

from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from alerting.words import template
from gateway.access.desk import desk
from gateway.access.second import (
    as_picture,
    begin_totp,
    is_totp,
    new_recovery_codes,
    pending_totp,
)
from gateway.access.session import Session
from gateway.access.sign_in import SignInRefused
from gateway.access.step_up import is_fresh, must_be_fresh, step_up
from gateway.access.tries import TooManyTries, begin_try
from gateway.errors import GatewayError
from gateway.storage.credentials import drop_totp, second_factors
from gateway.storage.doorway import was_right
from gateway.storage.sessions import show_second_factor
from gateway.web.templates import page

router = APIRouter(include_in_schema=False)

SETUP = "/account/second-factor"
Code = Annotated[str, Form(max_length=40)]
Path = Annotated[str, Form(max_length=500)]


@router.get(SETUP)
def choose(request: Request) -> Response:
    """Offer an authenticator app or a passkey."""
    session = desk(request).session(request)
    return _setup(request, session)


@router.post(f"{SETUP}/totp")
def begin(request: Request) -> Response:
    """Make a secret for the app."""
    at = desk(request)
    session = must_be_fresh(at, request)
    with at.pools.of_access() as connection:
        begin_totp(at.key, connection, session.who.id, at.now())
    return RedirectResponse(SETUP, 303)


@router.post(f"{SETUP}/confirm")
def confirm(request: Request, code: Code) -> Response:
    """Take the app's first code; show recovery codes, once."""
    at = desk(request)
    session = must_be_fresh(at, request)
    number = begin_try(at, request, session.email)
    with at.pools.of_access(session.who.organisation) as connection:
        right = is_totp(at.key, connection, session.who.id, code, at.now(), first=True)
        if right:
            was_right(connection, number)
            show_second_factor(connection, session.id, at.now())
            codes = new_recovery_codes(at.key, connection, session.who.id)
            at.note(connection, session.who, "totp.add")
    if not right:
        wrong = SignInRefused(template("These are not the digits of now; look at the app again."))
        return _setup(request, session, wrong)
    return page(request, "recovery_codes.html", session.who, codes=codes)


@router.post(f"{SETUP}/remove")
def remove(request: Request) -> Response:
    """Forget the app."""
    at = desk(request)
    session = must_be_fresh(at, request)
    with at.pools.of_access(session.who.organisation) as connection:
        drop_totp(connection, session.who.id)
        at.note(connection, session.who, "totp.remove")
    return RedirectResponse("/account", 303)


@router.post(f"{SETUP}/codes")
def codes(request: Request) -> HTMLResponse:
    """Make new recovery codes; those before are void."""
    at = desk(request)
    session = must_be_fresh(at, request)
    with at.pools.of_access(session.who.organisation) as connection:
        made = new_recovery_codes(at.key, connection, session.who.id)
        at.note(connection, session.who, "recovery-codes.new")
    return page(request, "recovery_codes.html", session.who, codes=made)


@router.get("/account/step-up")
def ask(request: Request, then: Annotated[str, Query(alias="next")] = "/") -> Response:
    """Ask once more who it is."""
    return _ask(request, then)


@router.post("/account/step-up")
def show(
    request: Request, code: Annotated[str, Form(max_length=1000)], then: Path = "/"
) -> Response:
    """Look once more who it is, and go on."""
    try:
        step_up(desk(request), request, code)
    except (SignInRefused, TooManyTries) as error:
        return _ask(request, then, error)
    return RedirectResponse(_inside(then), 303)


def _inside(path: str) -> str:
    """Return a path of ours: nobody is sent elsewhere by a link to us."""
    # Browsers leave tabs and line ends out of an address: one between two / hides nothing.
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if ours else "/"


def _ask(request: Request, then: str, wrong: GatewayError | None = None) -> HTMLResponse:
    at = desk(request)
    session = at.session(request)
    with at.pools.of_access() as connection:
        has = second_factors(connection, session.who.id)
    return page(
        request,
        "second.html",
        session.who,
        status=wrong.status if wrong else 200,
        headers=getattr(wrong, "headers", None),
        wrong=wrong,
        has=has,
        action="/account/step-up",
        passkey="/account/step-up/passkey",
        onward=_inside(then),
    )


def _setup(request: Request, session: Session, wrong: GatewayError | None = None) -> HTMLResponse:
    at = desk(request)
    with at.pools.of_access() as connection:
        has = second_factors(connection, session.who.id)
        pending = pending_totp(at.key, connection, session.who.id)
    missing = at.sessions.needs_second(session)
    return page(
        request,
        "second_factor.html",
        None if missing else session.who,
        status=wrong.status if wrong else 200,
        wrong=wrong,
        has=has,
        missing=missing,
        fresh=is_fresh(at, session),
        secret=pending,
        picture=as_picture(pending, session.email) if pending else "",
    )
