"""Salesforce as its REST API Developer Guide describes it, for one kind of object.

Upsert by external id (201, 200; 300 where several match), update by id with If-Unmodified-Since
(204, 412), Get Updated with seconds ignored, retrieval by ids, describe, JWT bearer and client
credentials; times in whole seconds; errors as a list of `errorCode`.
https://developer.salesforce.com/docs/platform/api-rest/guide/dome-upsert.html
https://developer.salesforce.com/docs/platform/api-rest/guide/resources-sobject-retrieve-patch.html
https://developer.salesforce.com/docs/platform/api-rest/guide/intro-rest-conditional-requests.html
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_getupdated.htm
https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_jwt_flow.htm

Not said there: whether `latestDateCovered` may lie in the future when `end` does; here it does.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from simulators.far_sides.records import Crm, Row

CLIENT, USER = "far-side-client", "hearthline@example.org"
AUDIENCE: Final = "https://login.salesforce.com"
SECRET: Final = "far-side-consumer-secret"  # noqa: S105
TOKEN: Final = "00D-far-side-session"  # noqa: S105
SIGN_IN: Final = "/services/oauth2/token"
DATA: Final = "/services/data/v61.0"
TASK: Final = f"{DATA}/sobjects/Task"
RETRIEVE: Final = f"{DATA}/composite/sobjects/Task"
SOONER: Final = timedelta(minutes=5)


@cache
def key() -> RSAKey:
    """Return the key that signs in, made once."""
    return RSAKey.generate_key(2048)


class Salesforce(Crm):
    """An organisation with an external id on Task that is not unique, so that 300 can be met."""

    kind: ClassVar[str] = "salesforce"
    title: ClassVar[str] = "Salesforce"
    prefix: ClassVar[str] = "Hearthline_"
    suffix: ClassVar[str] = "__c"
    unique: ClassVar[bool] = False
    reads: ClassVar[frozenset[str]] = frozenset({RETRIEVE})
    sign_ins: ClassVar[frozenset[str]] = frozenset({SIGN_IN})
    secrets: ClassVar[frozenset[str]] = frozenset({SECRET, TOKEN})
    own: ClassVar[Mapping[str, str]] = {
        "status": "Status",
        "subject": "Subject",
        "text": "Description",
        "priority": "Priority",
        "due": "ActivityDate",
    }
    words: ClassVar[Mapping[str, str]] = {
        "requested": "Not Started",
        "in-progress": "In Progress",
        "on-hold": "Waiting on someone else",
        "completed": "Completed",
    }

    def routes(self) -> Sequence[BaseRoute]:
        """See FarSide."""
        return [
            Route(SIGN_IN, self._sign_in, methods=["POST"]),
            Route(f"{TASK}/describe", self._describe),
            Route(f"{TASK}/updated/", self._updated),
            Route(f"{TASK}/{self.named('task')}/{{key}}", self._by_key, methods=["GET", "PATCH"]),
            Route(f"{TASK}/{{id}}", self._by_id, methods=["PATCH"]),
            Route(RETRIEVE, self._retrieve, methods=["POST"]),
        ]

    def table(self) -> Mapping[str, Any]:
        """See FarSide."""
        pem = key().as_pem(private=True).decode()
        return {"url": self.url, "client_id": CLIENT, "user": USER, "private_key": pem, "page": 2}

    def stamp(self) -> datetime:
        """See Crm."""
        return self.now().replace(microsecond=0)

    def new_id(self) -> str:
        """See Crm."""
        return f"00T{len(self.rows) + 1:012d}AAA"

    async def _sign_in(self, request: Request) -> Response:
        form = {
            name: values[0] for name, values in parse_qs((await request.body()).decode()).items()
        }
        if form.get("client_secret") == SECRET and form.get("client_id") == CLIENT:
            return self._let_in()
        try:
            claims = jwt.decode(form["assertion"], key(), ["RS256"]).claims
        except (KeyError, JoseError):
            return _refused_sign_in("invalid assertion")
        now = self.now().timestamp()
        if (claims["iss"], claims["sub"], claims["aud"]) != (CLIENT, USER, AUDIENCE):
            return _refused_sign_in("user hasn't approved this consumer")
        if not now < claims["exp"] < now + SOONER.total_seconds():
            return _refused_sign_in("expired authorization code")
        return self._let_in()

    def _let_in(self) -> Response:
        given = {"access_token": TOKEN, "token_type": "Bearer", "instance_url": self.url}
        return JSONResponse(given)

    async def _describe(self, request: Request) -> Response:
        if wrong := _no_session(request):
            return wrong
        names = {"Id", "LastModifiedDate", *self.known_fields()}
        mine = self.named("task")
        fields = [{"name": n, "externalId": n == mine, "unique": n == mine} for n in sorted(names)]
        return JSONResponse({"name": "Task", "fields": fields})

    async def _by_key(self, request: Request) -> Response:
        found = self.find(request.path_params["key"])
        if wrong := _no_session(request):
            return wrong
        if len(found) > 1:
            return JSONResponse([f"{TASK}/{row.id}" for row in found], 300)
        if request.method == "GET":
            return JSONResponse(_record(found[0])) if found else _wrong(404, "NOT_FOUND")
        fields = await request.json()
        if wrong := self._not_written(fields, "Id", self.named("task")):
            return wrong
        row = found[0] if found else self.add({self.named("task"): request.path_params["key"]})
        self.change(row, fields)
        made = {"id": row.id, "success": True, "errors": [], "created": not found}
        return JSONResponse(made, 200 if found else 201)

    async def _by_id(self, request: Request) -> Response:
        fields = await request.json()
        row = next((row for row in self.rows if row.id == request.path_params["id"]), None)
        if wrong := _no_session(request) or self._not_written(fields, "Id"):
            return wrong
        if row is None:
            return _wrong(404, "NOT_FOUND")
        since = request.headers.get("if-unmodified-since")
        if since and row.changed > parsedate_to_datetime(since):
            return _wrong(412, "PRECONDITION_FAILED")
        self.change(row, fields)
        return Response(status_code=204)

    def _not_written(self, fields: Mapping[str, Any], *not_these: str) -> Response | None:
        allowed = self.known_fields() - set(not_these)
        if not fields.keys() <= allowed:
            return _wrong(400, "INVALID_FIELD")
        subject = str(fields.get("Subject") or "")
        return _wrong(400, "STRING_TOO_LONG") if len(subject) > 255 else None

    async def _updated(self, request: Request) -> Response:
        if wrong := _no_session(request):
            return wrong
        start, end = (_minute(request.query_params[name]) for name in ("start", "end"))
        if not self.now() - timedelta(days=30) <= start < end:
            return _wrong(400, "INVALID_REPLICATION_DATE")
        ids = [row.id for row in self.rows if start <= row.changed < end]
        return JSONResponse({"ids": ids, "latestDateCovered": _written(end)})

    async def _retrieve(self, request: Request) -> Response:
        if wrong := _no_session(request):
            return wrong
        asked = await request.json()
        rows = {row.id: row for row in self.rows}
        records = [_record(rows[each], asked["fields"]) for each in asked["ids"]]
        return JSONResponse(records)


def _no_session(request: Request) -> Response | None:
    given = request.headers.get("authorization", "")
    right = secrets.compare_digest(given, f"Bearer {TOKEN}")
    return None if right else _wrong(401, "INVALID_SESSION_ID")


def _wrong(status: int, code: str) -> Response:
    return JSONResponse([{"message": "see the error code", "errorCode": code}], status)


def _refused_sign_in(why: str) -> Response:
    return JSONResponse({"error": "invalid_grant", "error_description": why}, 400)


def _record(row: Row, names: Sequence[str] = ()) -> Mapping[str, Any]:
    fields = row.fields | {"Id": row.id, "LastModifiedDate": _written(row.changed)}
    url = {"attributes": {"type": "Task", "url": f"{TASK}/{row.id}"}}
    return url | {name: fields.get(name) for name in names or fields}


def _written(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.000+0000"


def _minute(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(second=0, microsecond=0)


FAR_SIDE: Final = Salesforce
