"""The style guide: every component of the console, with made-up values."""

from datetime import timedelta

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from gateway.web.templates import now, page

router = APIRouter(include_in_schema=False)


@router.get("/styleguide")
def styleguide(request: Request) -> HTMLResponse:
    """Show the components. There is nobody's data here, so nobody has to sign in."""
    at = now(request)
    moments = {"soon": at + timedelta(minutes=12), "before": at - timedelta(hours=3)}
    return page(request, "styleguide.html", None, moments=moments)
