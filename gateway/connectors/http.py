"""Requests to a far side, and what its answers mean where they are no success."""

import json
import ssl
import time
from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Annotated, Final, TypeVar

import httpx
from pydantic import AfterValidator, BaseModel, ValidationError

from gateway.connectors.ports import Later, Refused, Request

TIMEOUT_S: Final = 8.0
"""A sign-in, a look and a change fit into the 20 s of one call."""
LASTS_S: Final = 2 * TIMEOUT_S
"""An answer that comes drop by drop is ended then: httpx counts from one drop to the next."""
MOST_OCTETS: Final = 64 * 1024 * 1024
OK: Final = frozenset({200, 201, 202, 204})
# 423 and 477 are HubSpot's: locked while much is synchronised, and while an account is moved.
BUSY: Final = frozenset({408, 423, 425, 429, 477})
CREDENTIALS: Final = frozenset({401, 403})
MOVED: Final = frozenset({301, 302, 303, 307, 308})
# Where a connector does not expect it: another server, or another place on this one.
NOT_HERE: Final = frozenset({404, 405})
SERVER: Final = 500
LONGEST: Final = timedelta(hours=1)
SECRET_HEADERS: Final = frozenset({"authorization", "cookie", "x-api-key", "webhook-signature"})
MASK: Final = "********"


def _far_url(url: str) -> str:
    """Look whether secrets may be sent there: TLS, or this machine."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise ValueError("this is no address") from None
    local = parsed.scheme == "http" and parsed.host in ("localhost", "127.0.0.1", "::1")
    if (parsed.scheme != "https" and not local) or parsed.userinfo or parsed.fragment:
        raise ValueError("an address begins with https://, and has no user and no fragment")
    return url.rstrip("/")


Model = TypeVar("Model", bound=BaseModel)
FarUrl = Annotated[str, AfterValidator(_far_url)]
"""The address of a far side, in its settings."""


@dataclass(frozen=True, slots=True)
class Far:
    """A far side: its address, and how it is signed in to."""

    base: str
    auth: httpx.Auth | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, path: str, **more: object) -> httpx.Request:
        """Return a request as it will be sent, but for its sign-in."""
        headers = {**self.headers, **more.pop("headers", {})}  # type: ignore[dict-item]
        return httpx.Request(method, self.base + path, headers=headers, **more)  # type: ignore[arg-type]

    def send(
        self, request: httpx.Request, also: Collection[int] = ()
    ) -> httpx.Response | Later | Refused:
        """Return an answer of success, or one whose status is in `also`; else what it means.

        A redirection is not followed: secrets and health data go only where they were meant to.
        """
        try:
            with _client() as client:
                answer = client.send(request, auth=self.auth)
        except NotLetIn as error:
            return error.outcome
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Later(type(error).__name__)
        return answer if answer.status_code in OK or answer.status_code in also else means(answer)


@cache
def _trusted() -> ssl.SSLContext:
    """Return whom we trust: reading it takes longer than most requests."""
    return httpx.create_ssl_context(trust_env=False)


def _client() -> httpx.Client:
    until = time.monotonic() + LASTS_S

    def limit(answer: httpx.Response) -> None:
        if isinstance(answer.stream, httpx.SyncByteStream):
            answer.stream = _Limited(answer.stream, until)

    return httpx.Client(
        verify=_trusted(),
        timeout=TIMEOUT_S,
        follow_redirects=False,
        trust_env=False,
        event_hooks={"response": [limit]},
    )


class _Limited(httpx.SyncByteStream):
    """An answer's body, for so long and so much: no far side keeps a courier for ever."""

    def __init__(self, stream: httpx.SyncByteStream, until: float) -> None:
        self._stream, self._until = stream, until

    def __iter__(self) -> Iterator[bytes]:
        seen = 0
        for part in self._stream:
            seen += len(part)
            if seen > MOST_OCTETS:
                raise httpx.ReadError("too much")
            if time.monotonic() > self._until:
                raise httpx.ReadTimeout("too slow")
            yield part

    def close(self) -> None:
        self._stream.close()


class NotLetIn(Exception):
    """Raised by an httpx.Auth whose sign-in failed; says what that means."""

    def __init__(self, outcome: Later | Refused) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def means(answer: httpx.Response) -> Later | Refused:
    """Say what an answer without success means. Its text is not kept: it may quote the task."""
    status = answer.status_code
    if status in CREDENTIALS:
        # No fault of the task's: it waits until somebody mends the credentials.
        return Later(f"http_{status}")
    # A redirection is a page of maintenance, or an address that has moved: no task's fault, either.
    # Nor is a wrong address in our settings. One task that alone is not found is given up in time.
    if status in BUSY | MOVED | NOT_HERE or status >= SERVER:
        return Later(f"http_{status}", asked(answer))
    return Refused(f"http_{status}")


def parsed(answer: httpx.Response, model: type[Model]) -> Model | Later:
    """Return what a success says; a page of a proxy in between is none, and passes."""
    try:
        return model.model_validate_json(answer.content)
    except ValidationError:
        return _mended(answer, model)


def _mended(answer: httpx.Response, model: type[Model]) -> Model | Later:
    """Read it with "?" for halves of characters, which JSON may have: not for one is a page lost.

    An emoji that was cut in two is one (RFC 8259, 8.2); pydantic reads nothing of such a text.
    """
    try:
        text = json.dumps(json.loads(answer.content), ensure_ascii=False)
        return model.model_validate_json(text.encode(errors="replace"))
    except (ValueError, RecursionError):  # ValidationError is a ValueError
        return Later("not_understood")


def asked(answer: httpx.Response) -> timedelta:
    """Return how long we are asked to wait (RFC 9110, 10.2.3), an hour at most.

    A date is taken against the far side's own `Date`, since its clock and ours may differ.
    """
    text = answer.headers.get("Retry-After", "").strip()
    if text.isdigit():
        return min(timedelta(seconds=min(int(text), 86_400)), LONGEST)
    try:
        until = parsedate_to_datetime(text)
        now = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return timedelta(0)
    return max(timedelta(0), min(_zoned(until) - _zoned(now), LONGEST))


def far_now(answer: httpx.Response) -> datetime | None:
    """Return the time by the far side's clock, if it says it."""
    try:
        return _zoned(parsedate_to_datetime(answer.headers.get("Date", "")))
    except ValueError:
        return None


def _zoned(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


class Bearer(httpx.Auth):
    """Sends one fixed token."""

    def __init__(self, token: str, header: str = "Authorization", scheme: str = "Bearer ") -> None:
        self._header, self._value = header, f"{scheme}{token}"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """See httpx.Auth."""
        request.headers[self._header] = self._value
        yield request


def shown(request: httpx.Request, *, signed_in: bool = True) -> Request:
    """Return a request for people to look at, its secrets masked."""
    headers = {
        name: MASK if name.lower() in SECRET_HEADERS else value
        for name, value in request.headers.items()
    }
    if signed_in:
        headers.setdefault("authorization", MASK)
    return Request(request.method, str(request.url), headers, _text(request))


def _text(request: httpx.Request) -> str:
    text = request.content.decode(errors="replace")
    try:
        return json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    except ValueError:
        return text
