"""Signing in by password, and out."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.access.desk import desk
from gateway.access.session import COOKIE
from gateway.access.sign_in import SignInRefused, sign_in_by_password
from gateway.errors import NotSignedIn
from gateway.storage.sessions import end_session
from gateway.web.templates import page

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def sign_in_page(request: Request) -> HTMLResponse:
    """Ask who it is."""
    return _form(request)


@router.post("/sign-in")
def sign_in(
    request: Request,
    email: Annotated[str, Form(max_length=320)],
    password: Annotated[str, Form(max_length=1000)],
) -> Response:
    """Look whether it is them; a session begins."""
    try:
        cookie = sign_in_by_password(desk(request), request, email, password)
    except SignInRefused as error:
        return _form(request, error, email, status=error.status)
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
            at.audit(connection, session.who, "session.end", at=at.now())
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE, secure=True, httponly=True, samesite="lax")
    return answer


def with_session(answer: Response, cookie: str) -> Response:
    """Give the browser its session; it is gone when the browser closes."""
    answer.set_cookie(COOKIE, cookie, secure=True, httponly=True, samesite="lax", path="/")
    return answer


def _form(
    request: Request, wrong: Exception | None = None, email: str = "", status: int = 200
) -> HTMLResponse:
    return page(request, "sign_in.html", None, status=status, wrong=str(wrong or ""), email=email)
