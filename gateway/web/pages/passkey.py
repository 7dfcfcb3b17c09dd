"""Passkeys: what the script of these pages asks for and brings back."""

from typing import Annotated, Any

from fastapi import APIRouter, Form
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from gateway.access import passkeys
from gateway.access.desk import desk
from gateway.access.passkeys import PasskeyRefused
from gateway.access.sign_in import begin_session
from gateway.access.step_up import must_be_fresh
from gateway.errors import NotFound, WrongInput
from gateway.storage.credentials import drop_passkey
from gateway.storage.sessions import show_second_factor
from gateway.web.cookies import with_session

router = APIRouter(include_in_schema=False)


class Answer(BaseModel):
    """What the browser's authenticator said."""

    ticket: Annotated[str, Field(max_length=100)]
    credential: dict[str, Any]
    name: Annotated[str, Field(max_length=60)] = ""


@router.post("/sign-in/passkey/options")
@router.post("/account/step-up/passkey/options")
def options(request: Request) -> JSONResponse:
    """Ask any passkey of this site."""
    at = desk(request)
    with at.pools.of_access() as connection:
        return JSONResponse(passkeys.offer(at, connection))


@router.post("/sign-in/passkey")
def sign_in(request: Request, answer: Answer) -> Response:
    """Begin a session with both factors."""
    at = desk(request)
    with at.pools.of_access() as connection:
        person = passkeys.whose(at, connection, answer.ticket, answer.credential)
        cookie = begin_session(at, connection, request, person, "passkey", at.now())
    return with_session(JSONResponse({}), cookie)


@router.post("/account/step-up/passkey")
def step_up(request: Request, answer: Answer) -> JSONResponse:
    """Show once more who it is."""
    at = desk(request)
    session = at.session(request)
    with at.pools.of_access(session.who.organisation) as connection:
        if passkeys.whose(at, connection, answer.ticket, answer.credential) != session.who.id:
            raise PasskeyRefused
        show_second_factor(connection, session.id, at.now())
        at.note(connection, session.who, "sign-in.step-up", by="passkey")
    return JSONResponse({})


@router.post("/account/passkeys/options")
def new_options(request: Request) -> JSONResponse:
    """Ask for a new passkey."""
    at = desk(request)
    session = must_be_fresh(at, request)
    with at.pools.of_access() as connection:
        return JSONResponse(passkeys.offer_registration(at, connection, session))


@router.post("/account/passkeys")
def new(request: Request, answer: Answer) -> JSONResponse:
    """Store the new passkey. It counts as shown."""
    at = desk(request)
    session = must_be_fresh(at, request)
    with at.pools.of_access(session.who.organisation) as connection:
        passkeys.register(at, connection, session, answer.ticket, answer.name, answer.credential)
        show_second_factor(connection, session.id, at.now())
        at.note(connection, session.who, "passkey.add")
    return JSONResponse({})


@router.post("/account/passkeys/remove")
def remove(request: Request, handle: Annotated[str, Form(max_length=4096)]) -> Response:
    """Forget a passkey."""
    at = desk(request)
    session = must_be_fresh(at, request)
    try:
        octets = bytes.fromhex(handle)
    except ValueError:
        raise WrongInput from None
    with at.pools.of_access(session.who.organisation) as connection:
        if not drop_passkey(connection, octets, session.who.id):
            raise NotFound
        at.note(connection, session.who, "passkey.remove")
    return RedirectResponse("/account", 303)
