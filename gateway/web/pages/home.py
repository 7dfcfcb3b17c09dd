"""The first page of whoever signs in, and the choice of a language."""

from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Query
from starlette.responses import RedirectResponse

from alerting.languages import languages
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.errors import NotFound
from gateway.web.navigation import places
from gateway.web.templates import LANGUAGE

router = APIRouter(include_in_schema=False)
A_YEAR: Final = 365 * 86400


@router.get("/")
def home(call: Annotated[Call, needs(*Right)]) -> RedirectResponse:
    """Go where this person's work is: the first place that their rights allow."""
    first = next(iter(places(call.who)), None)
    return RedirectResponse(first.path if first else "/styleguide", 303)


@router.get("/language/{code}")
def choose(code: str, back: Annotated[str, Query(max_length=200)] = "/") -> RedirectResponse:
    """Keep a language on this machine, then go back. Raises NotFound."""
    if code not in languages():
        raise NotFound(f"There is no {code}; there are {', '.join(languages())}.")
    # Of an address only the path counts: a redirect to //host would leave the site.
    try:
        path = urlsplit(back).path.lstrip("/\\")
    except ValueError:
        path = ""
    answer = RedirectResponse(f"/{path}", 303)
    answer.set_cookie(LANGUAGE, code, max_age=A_YEAR, samesite="lax", httponly=True)
    return answer
