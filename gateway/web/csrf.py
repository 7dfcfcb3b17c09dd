"""Nobody else's page may act in a session: its origin is checked, and a token.

The token is derived from the cookie: it needs no row, and only pages of the session know it. A form
sends it as `csrf`, a script as X-CSRF-Token. A program has no cookie, and needs none.
"""

from typing import Final
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.access.secrets import same
from gateway.access.session import COOKIE, csrf_token
from gateway.errors import Forbidden
from gateway.web.errors import answer

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER: Final = "x-csrf-token"
FIELD: Final = "csrf"
FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


class NotFromHere(Forbidden):
    """This came from another page than ours, or from one that was open for too long."""

    code = "not_from_here"


class SameOrigin:
    """Refuses what a page of somebody else sends in the name of who is signed in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give every request its token; check it where something is changed."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        cookie = request.cookies.get(COOKIE, "")
        token = csrf_token(cookie)
        scope.setdefault("state", {})["csrf"] = token
        if scope["method"] not in SAFE and "authorization" not in request.headers:
            if not _from_here(request, bool(token)):
                await answer(request, NotFromHere())(scope, receive, send)
                return
            given = request.headers.get(HEADER)
            if token and given is None and _is_form(request):
                whole = await _body(receive)
                given, receive = await _field(scope, whole), _again(whole, receive)
            if token and not same(given or "", token):
                await answer(request, NotFromHere())(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _from_here(request: Request, strictly: bool) -> bool:
    """Look at what only a browser can say (Fetch standard, Origin; Fetch Metadata)."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return not strictly
    ours = {request.headers.get("host"), urlsplit(request.app.state.settings.console_origin).netloc}
    try:
        where = urlsplit(origin).netloc
    except ValueError:
        return False
    return bool(where) and where in ours


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith(FORMS)


async def _body(receive: Receive) -> bytes:
    whole: bytes = b""
    while True:
        message = await receive()
        whole += message.get("body", b"")
        if not message.get("more_body", False):
            return whole


async def _field(scope: Scope, whole: bytes) -> str:
    try:
        form = await Request(dict(scope), _again(whole, _nothing)).form()
    except HTTPException:  # nobody can read it: it has no token
        return ""
    given = form.get(FIELD, "")
    await form.close()
    return given if isinstance(given, str) else ""


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def _again(whole: bytes, then: Receive) -> Receive:
    """Return a receiver that tells a body that was read already, then what comes after it."""
    told = False

    async def receive() -> Message:
        nonlocal told
        if told:
            return await then()
        told = True
        return {"type": "http.request", "body": whole, "more_body": False}

    return receive
