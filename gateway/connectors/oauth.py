"""Signing in for a token (RFC 6749, 4.4; RFC 7523), kept in memory until shortly before its end.

Its end is counted by a clock that nobody sets. An assertion that was refused while the two clocks
differ is made again by the other side's, as its `Date` says.
"""

import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from pydantic import BaseModel, Field, SecretStr

from gateway.connectors.http import NotLetIn, asked, far_now, parsed
from gateway.connectors.ports import Later

EARLIER: Final = 60.0
"""So many seconds before its end a token is no longer used."""
CLOCKS_DIFFER: Final = timedelta(seconds=30)
REFUSED: Final = frozenset({400, 401})


Form = Callable[[datetime], Mapping[str, str]]
JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTED: Final = timedelta(minutes=3)
"""How long an assertion is good; Salesforce allows no more."""


def client_credentials(client_id: str, secret: SecretStr, **more: str) -> Form:
    """Return what is sent by who signs in with a secret."""
    form = {"grant_type": "client_credentials", "client_id": client_id, **more}
    return lambda _: {**form, "client_secret": secret.get_secret_value()}


def jwt_bearer(client_id: str, user: str, audience: str, key: SecretStr) -> Form:
    """Return what is sent by who signs in with a key (PEM, RS256). Raises ValueError."""
    try:
        signer = RSAKey.import_key(key.get_secret_value())
    except (ValueError, JoseError):
        raise ValueError("private_key is no RSA key in PEM") from None

    def form(now: datetime) -> Mapping[str, str]:
        claims: dict[str, Any] = {"iss": client_id, "sub": user, "aud": audience}
        claims["exp"] = int((now + ASSERTED).timestamp())
        return {"grant_type": JWT_BEARER, "assertion": jwt.encode({"alg": "RS256"}, claims, signer)}

    return form


class _Answer(BaseModel):
    access_token: str = Field(min_length=1)
    expires_in: float | None = None


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    until: float


class OAuth(httpx.Auth):
    """Puts a token into every request. `form` gives what is sent for one, at a time.

    Threads may share it: at worst two sign in at once, and both tokens are good.
    """

    requires_response_body = True

    def __init__(self, url: str, form: Form, lasts_s: float = 900.0) -> None:
        self._url, self._form, self._lasts_s = url, form, lasts_s
        self._token: _Token | None = None
        self._ahead = timedelta(0)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """See httpx.Auth. Who is told that the token is no good any more signs in once again."""
        token, fresh = self._token, False
        if token is None or token.until <= time.monotonic():
            token, fresh = (yield from self._sign_in()), True
        request.headers["Authorization"] = f"Bearer {token.text}"
        answer = yield request
        if answer.status_code == httpx.codes.UNAUTHORIZED and not fresh:
            token = yield from self._sign_in()
            request.headers["Authorization"] = f"Bearer {token.text}"
            yield request

    def _sign_in(self) -> Generator[httpx.Request, httpx.Response, _Token]:
        answer = yield self._asking()
        if answer.status_code in REFUSED and self._set_clock(answer):
            answer = yield self._asking()
        if answer.status_code != httpx.codes.OK:
            self._token = None
            raise NotLetIn(Later(f"sign_in_http_{answer.status_code}", asked(answer)))
        given = parsed(answer, _Answer)
        if isinstance(given, Later):
            raise NotLetIn(Later("sign_in_not_understood"))
        lasts = self._lasts_s if given.expires_in is None else given.expires_in
        self._token = _Token(given.access_token, time.monotonic() + max(lasts - EARLIER, 0.0))
        return self._token

    def _asking(self) -> httpx.Request:
        form = dict(self._form(datetime.now(UTC) + self._ahead))
        return httpx.Request("POST", self._url, data=form)

    def _set_clock(self, answer: httpx.Response) -> bool:
        """Learn how far the other clock is ahead; tell whether that may have been the reason."""
        there = far_now(answer)
        if there is None:
            return False
        ahead = there - datetime.now(UTC)
        differs = abs(ahead - self._ahead) > CLOCKS_DIFFER
        self._ahead = ahead
        return differs
