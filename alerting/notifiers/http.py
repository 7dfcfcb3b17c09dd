"""One POST to a provider, and what its answer means: taken, later, or never."""

from datetime import timedelta
from typing import Any, Final

import httpx

from alerting.ports import Outcome, Refused, Retry

TIMEOUT_S: Final = 15.0
LATER: Final = frozenset({408, 425, 429})
SERVER: Final = 500
REDIRECT: Final = 300
LONGEST: Final = timedelta(hours=1)


def post(url: str, **request: Any) -> httpx.Response | Outcome:
    """Return the answer, or what it means where it is not one of success.

    A redirection is refused: a secret goes only where it was meant to.
    """
    try:
        with httpx.Client(timeout=TIMEOUT_S, follow_redirects=False) as client:
            answer = client.post(url, **request)
    except httpx.HTTPError as error:
        return Retry(type(error).__name__)
    if answer.status_code < REDIRECT:
        return answer
    if answer.status_code in LATER or answer.status_code >= SERVER:
        return Retry(f"http_{answer.status_code}", _asked(answer))
    return Refused(f"http_{answer.status_code}")


def _asked(answer: httpx.Response) -> timedelta:
    """Return how long the provider asks us to wait (RFC 9110, 10.2.3), an hour at most."""
    seconds = answer.headers.get("Retry-After", "")
    return min(timedelta(seconds=int(seconds)), LONGEST) if seconds.isdigit() else timedelta(0)
