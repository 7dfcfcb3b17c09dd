"""The same request sent twice is done once: its answer is kept under its Idempotency-Key for a day.

The key is written in the transaction of the deed: what failed may be tried again with the same key,
and of two at once the second waits for the first (draft-ietf-httpapi-idempotency-key-header).
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Annotated, ClassVar, Final, TypeVar

from fastapi import Depends, Header
from psycopg.types.json import Jsonb
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from gateway.api.call import Call
from gateway.errors import GatewayError

M = TypeVar("M", bound=BaseModel)

FORGET: Final = """
DELETE FROM idempotency_key
WHERE organisation_id = %(organisation)s AND at < %(now)s::timestamptz - interval '1 day'"""
CLAIM: Final = """
INSERT INTO idempotency_key (organisation_id, who, route, key, sha256, at)
VALUES (%(organisation)s, %(who)s, %(route)s, %(key)s, %(sha256)s, %(now)s)
ON CONFLICT DO NOTHING"""
FIND: Final = """
SELECT sha256, answer FROM idempotency_key
WHERE (organisation_id, who, route, key) = (%(organisation)s, %(who)s, %(route)s, %(key)s)"""
KEEP: Final = """
UPDATE idempotency_key SET answer = %(answer)s
WHERE (organisation_id, who, route, key) = (%(organisation)s, %(who)s, %(route)s, %(key)s)"""

REPLAYED: Final = "Idempotency-Replayed"


class KeyUsed(GatewayError):
    """This Idempotency-Key was sent with another body; a new request has a new key."""

    status: ClassVar[int] = 422
    code: ClassVar[str] = "idempotency_key_used"


class Once:
    """Does what a request asks for, or answers what it answered before."""

    def __init__(
        self,
        request: Request,
        response: Response,
        idempotency_key: Annotated[
            str | None,
            Header(
                alias="Idempotency-Key",
                min_length=1,
                max_length=200,
                description="A word of your own, for this request. Sent again, nothing is done "
                "again, and the first answer is given.",
                examples=["4b1c6f0e-5f3a-4a7e-9d5e-0f6d2c1b3a49"],
            ),
        ] = None,
    ) -> None:
        self._route = f"{request.method} {request.url.path}"
        self._response = response
        self._key = idempotency_key

    def __call__(
        self, call: Call, asked: BaseModel | None, kind: type[M], do: Callable[[], M]
    ) -> M:
        """Return what `do` returns, or returned. Raises KeyUsed."""
        if self._key is None:
            return do()
        body = asked.model_dump_json() if asked is not None else ""
        row = {
            "organisation": call.who.organisation,
            "who": call.who.id,
            "route": self._route,
            "key": self._key,
            "sha256": sha256(body.encode()).digest(),
            "now": call.now,
        }
        call.connection.execute(FORGET, row)
        if call.connection.execute(CLAIM, row).rowcount:
            done = do()
            answer = Jsonb(done.model_dump(mode="json"))
            call.connection.execute(KEEP, row | {"answer": answer})
            return done
        found = call.connection.execute(FIND, row).fetchone()
        if found is None or bytes(found["sha256"]) != row["sha256"]:
            raise KeyUsed
        self._response.headers[REPLAYED] = "true"
        return kind.model_validate(found["answer"])


OnceOnly = Annotated[Once, Depends()]
