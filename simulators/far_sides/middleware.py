"""Stands before every far side: records what comes, and makes things go wrong as was asked."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final, Protocol

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulators.far_sides.faults import Fault, Faults, Purpose

NOTHING: Final = Fault("none", applied=True)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request as it came, faults or not."""

    method: str
    url: str
    headers: dict[str, str]
    body: str
    purpose: Purpose


class Behind(Protocol):
    """What the middleware asks of a far side."""

    faults: Faults
    requests: list[Recorded]

    def now(self) -> datetime:
        """Return the time by its own clock."""
        ...

    def purpose(self, method: str, path: str) -> Purpose:
        """Tell what a request is for."""
        ...

    def drop(self, client: tuple[str, int]) -> None:
        """End this connection at once."""
        ...


@dataclass
class _Answer:
    status: int = 500
    headers: Any = ()
    body: bytes = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], message["headers"]
        else:
            self.body += message.get("body", b"")


class Trouble:
    """An ASGI application around another one."""

    def __init__(self, app: ASGIApp, side: Behind) -> None:
        self._app, self._side = app, side

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        body = await _body(receive)
        recorded = self._recorded(scope, body)
        self._side.requests.append(recorded)
        fault = self._side.faults.take(recorded.purpose) or NOTHING
        if fault.meanwhile:
            fault.meanwhile()
        answer = _Answer()
        for _ in range((1 + fault.twice) if fault.applied else 0):
            answer = _Answer()
            await self._app(scope, _again(body), answer)
        await asyncio.sleep(fault.slow_s)
        if fault.dropped:
            self._side.drop(scope["client"])
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await self._respond(fault, answer)(scope, receive, send)

    def _respond(self, fault: Fault, answer: _Answer) -> Response:
        now = self._side.now()
        if fault.status is None:
            response = Response(answer.body, answer.status)
            response.raw_headers = [*answer.headers]
        else:
            response = Response(fault.name, fault.status, dict(fault.headers))
            if fault.retry_after_s is not None:
                response.headers["retry-after"] = _retry_after(fault, now)
        response.headers["date"] = format_datetime(now, usegmt=True)
        return response

    def _recorded(self, scope: Scope, body: bytes) -> Recorded:
        query = scope["query_string"].decode()
        headers = dict(Headers(scope=scope))
        path = scope["raw_path"].decode()
        url = f"http://{headers['host']}{path}" + (f"?{query}" if query else "")
        purpose = self._side.purpose(scope["method"], scope["path"])
        return Recorded(scope["method"], url, headers, body.decode(errors="replace"), purpose)


def _retry_after(fault: Fault, now: datetime) -> str:
    seconds = fault.retry_after_s or 0
    if fault.as_date:
        return format_datetime(now + timedelta(seconds=seconds), usegmt=True)
    return str(seconds)


async def _body(receive: Receive) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _again(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
