"""The two cookies of signing in: the session, and the step before a second factor."""

from typing import Final

from starlette.responses import RedirectResponse, Response

from gateway.access.session import COOKIE
from gateway.access.sign_in import STEP_LASTS, Outcome

STEP: Final = "__Host-hearthline-step"


def with_session(answer: Response, cookie: str) -> Response:
    """Give the browser its session; it is gone when the browser closes, or earlier."""
    answer.set_cookie(COOKIE, cookie, secure=True, httponly=True, samesite="lax", path="/")
    answer.delete_cookie(STEP, secure=True, httponly=True, samesite="lax")
    return answer


def with_step(answer: Response, step: str) -> Response:
    """Give the browser what leads to the next step."""
    lasts = int(STEP_LASTS.total_seconds())
    answer.set_cookie(STEP, step, lasts, secure=True, httponly=True, samesite="lax", path="/")
    return answer


def without_session(answer: Response) -> Response:
    """Take the session from the browser."""
    answer.delete_cookie(COOKIE, secure=True, httponly=True, samesite="lax")
    return answer


def onward(outcome: Outcome) -> Response:
    """Lead on after a first factor."""
    if outcome.step:
        return with_step(RedirectResponse("/sign-in/second", 303), outcome.step)
    return with_session(RedirectResponse("/", 303), outcome.cookie)
