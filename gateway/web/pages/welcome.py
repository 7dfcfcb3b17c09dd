"""One-time links: the first administrator, who was invited, who begins anew."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.access.desk import desk
from gateway.access.passwords import SHORTEST
from gateway.access.welcome import accept, look
from gateway.errors import Conflict, WrongInput
from gateway.storage.people import NewPerson, oldest_organisation
from gateway.web.cookies import with_session
from gateway.web.templates import page

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form(max_length=320)]


@router.get("/welcome/{secret}")
def welcome(request: Request, secret: str) -> HTMLResponse:
    """Ask for a password; of the first administrator, who they are."""
    return _form(request, secret)


@router.post("/welcome/{secret}")
def begin(
    request: Request,
    secret: str,
    password: Annotated[str, Form(max_length=1000)],
    name: Text = "",
    email: Text = "",
    organisation: Text = "",
) -> Response:
    """Use the link; a session begins."""
    new = NewPerson(name.strip(), email.strip().lower())
    try:
        cookie = accept(desk(request), request, secret, password, new, organisation)
    except (WrongInput, Conflict) as error:
        return _form(request, secret, error, name, email, organisation)
    return with_session(RedirectResponse("/account/second-factor", 303), cookie)


def _form(
    request: Request,
    secret: str,
    wrong: WrongInput | Conflict | None = None,
    name: str = "",
    email: str = "",
    organisation: str = "",
) -> HTMLResponse:
    at = desk(request)
    found = look(at, secret)
    if found.kind == "first" and not organisation:
        with at.pools.of_access() as connection:
            organisation = oldest_organisation(connection)
    return page(
        request,
        "welcome.html",
        None,
        status=wrong.status if wrong else 200,
        wrong=wrong,
        link=found,
        given_name=name,
        email=email,
        organisation=organisation,
        shortest=SHORTEST,
    )
