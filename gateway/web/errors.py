"""What goes wrong, told to whom it concerns: programs get a problem, people a page."""

from typing import Final
from urllib.parse import urlencode, urlsplit

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.access.session import SecondFactorMissing
from gateway.access.step_up import StepUpNeeded
from gateway.api.problems import to_problem
from gateway.errors import GatewayError, NotSignedIn
from gateway.fhir.outcome import outcome
from gateway.web.templates import page

SIGN_IN: Final = "/sign-in"
SECOND_FACTOR: Final = "/account/second-factor"
STEP_UP: Final = "/account/step-up"
OF_FHIR: Final = "/fhir"
OF_PROGRAMS: Final = ("/api/", "/oauth/", "/openapi.json")

log = structlog.get_logger()


def answer(request: Request, error: Exception) -> Response:
    """Return the answer to an error."""
    if f"{request.url.path}/".startswith(f"{OF_FHIR}/"):
        return outcome(error)
    problem = to_problem(error)
    problem.headers.update(getattr(error, "headers", None) or {})
    if request.url.path.startswith(OF_PROGRAMS):
        return problem
    if isinstance(error, NotSignedIn):
        return _elsewhere(request, SIGN_IN)
    if isinstance(error, SecondFactorMissing):
        return _elsewhere(request, SECOND_FACTOR)
    if isinstance(error, StepUpNeeded):
        return _elsewhere(request, f"{STEP_UP}?{urlencode({'next': _where(request)})}")
    return page(
        request,
        "error.html",
        None,
        status=problem.status_code,
        code=problem.status_code,
        error=error if isinstance(error, GatewayError) else None,
    )


def _where(request: Request) -> str:
    """Return the page on which it was asked, of whatever else stands in its address nothing."""
    at = request.headers.get("referer", "") if request.method == "POST" else str(request.url)
    return urlsplit(at).path or "/"


def _elsewhere(request: Request, path: str) -> Response:
    """Send the browser there; the part of a page that htmx asked for would be the wrong place."""
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": path})
    return RedirectResponse(path, 303)


def add_errors(app: FastAPI) -> None:
    """Have every error answered."""

    async def told(request: Request, error: Exception) -> Response:
        return answer(request, error)

    for kind in (GatewayError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, told)
