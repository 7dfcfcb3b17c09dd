"""Signing in at a provider (OpenID Connect)."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerting.words import template
from gateway.access import oidc
from gateway.access.desk import desk
from gateway.access.secrets import same
from gateway.access.sign_in import SignInRefused, begin_session, go_on
from gateway.web.cookies import STEP, onward, with_session, with_step

router = APIRouter(include_in_schema=False)


@router.get("/sign-in/oidc")
def start(request: Request) -> Response:
    """Send the browser to the provider."""
    address, state = oidc.start(desk(request))
    return with_step(RedirectResponse(address, 303), state)


@router.get(oidc.BACK)
def back(
    request: Request,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
) -> Response:
    """Take the browser back, which must be the one that was sent."""
    if not (state and code and same(state, request.cookies.get(STEP, ""))):
        raise SignInRefused(template("The provider did not sign anybody in."))
    at = desk(request)
    known = oidc.finish(at, state, code)
    if not known.second:
        return onward(go_on(at, request, known.person, "oidc"))
    with at.pools.of_access() as connection:
        cookie = begin_session(at, connection, request, known.person, "oidc", at.now())
    return with_session(RedirectResponse("/", 303), cookie)
