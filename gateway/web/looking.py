"""What is recorded of who is looked at; of a page that looks again by itself, not every time."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request

from gateway.access.session import BACKGROUND
from gateway.api.call import Call
from gateway.storage.audit import seen_lately

# Who is shown for longer is recorded again: how long somebody looked can be told to this.
ANEW: Final = timedelta(minutes=5)


def saw(
    call: Call,
    request: Request,
    action: str,
    patients: Iterable[UUID],
    subject: tuple[str, str] | None = None,
    **detail: Any,
) -> None:
    """Record whom somebody is shown.

    A page that looks again by itself adds only whom this session was not shown by the same action
    within five minutes, by the audit itself: who says so of another request gains nothing.
    """
    seen = list(dict.fromkeys(patients))
    if BACKGROUND in request.headers and call.who.session is not None:
        lately = seen_lately(
            call.connection, call.who, action, call.now - ANEW, subject=subject, detail=detail
        )
        seen = [patient for patient in seen if patient not in lately]
        if not seen:
            return
    call.audit(action, subject=subject, patients=seen, **detail)
