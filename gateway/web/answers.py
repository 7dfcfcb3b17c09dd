"""What is answered to a form: htmx is told what was done and that lists are old; others go back."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.web.templates import language_of, words
from gateway.web.words import Words


def is_part(request: Request) -> bool:
    """Say whether htmx asks, for a part of a page."""
    return "hx-request" in request.headers


def done(request: Request, reader: Words, said: str, to: str, **values: object) -> Response:
    """Say that it was done: `said` is a `template(...)`. Lists and pages look again."""
    if not is_part(request):
        return RedirectResponse(to, 303)
    text = str(reader.say(said, **values).unescape())
    told: dict[str, Any] = {"said": {"text": text}, "done": {}, "live": {}}
    return Response(status_code=204, headers={"HX-Trigger": json.dumps(told)})


def go(request: Request, to: str) -> Response:
    """Go to another page."""
    if is_part(request):
        return Response(status_code=204, headers={"HX-Redirect": to})
    return RedirectResponse(to, 303)


def words_of(request: Request, who: Any) -> Words:
    """Return the words of the reader's language."""
    return words(language_of(request, who))
