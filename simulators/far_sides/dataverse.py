"""Microsoft Dataverse as its Web API reference describes it, for the table of tasks.

Upsert by an alternate key (201 with what was made, 200 with what was changed, 204 without Prefer),
`If-None-Match: *` and `If-Match` (412, 404 where there is no row), an etag that changes with every
write, filter and order by `modifiedon` with `odata.maxpagesize` and @odata.nextLink, alternate keys
of a table; client credentials of Microsoft Entra; times in whole seconds.
https://learn.microsoft.com/power-apps/developer/data-platform/webapi/update-delete-entities-using-web-api
https://learn.microsoft.com/power-apps/developer/data-platform/webapi/perform-conditional-operations-using-web-api
https://learn.microsoft.com/power-apps/developer/data-platform/use-alternate-key-reference-record
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow

Not said there: whether a task may be made closed; here it begins open, whatever is asked.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, quote
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from simulators.far_sides.records import Crm, Row

TENANT: Final = "5f0c7a34-63b3-4cf2-a3e6-0f1f3f2b9d01"
CLIENT: Final = "c1a5d1f0-7d7c-4f0b-8c79-0e4a3b2f1d02"
SECRET: Final = "far-side~secret"  # noqa: S105
TOKEN: Final = "far-side.entra.token"  # noqa: S105
SIGN_IN: Final = f"/{TENANT}/oauth2/v2.0/token"
DATA: Final = "/api/data/v9.2"
ETAG: Final = "@odata.etag"
OPEN: Final = {"statecode": 0, "statuscode": 2}


class Dataverse(Crm):
    """An environment whose tasks have our columns."""

    kind: ClassVar[str] = "dataverse"
    title: ClassVar[str] = "Microsoft Dataverse"
    prefix: ClassVar[str] = "hl_"
    sign_ins: ClassVar[frozenset[str]] = frozenset({SIGN_IN})
    secrets: ClassVar[frozenset[str]] = frozenset({SECRET, TOKEN})
    own: ClassVar[Mapping[str, str]] = {
        "status": "statuscode",
        "state": "statecode",
        "subject": "subject",
        "text": "description",
        "priority": "prioritycode",
        "due": "scheduledend",
    }
    words: ClassVar[Mapping[str, tuple[int, int]]] = {
        "requested": (0, 2),
        "in-progress": (0, 3),
        "on-hold": (0, 4),
        "completed": (1, 5),
        "cancelled": (2, 6),
    }

    def routes(self) -> Sequence[BaseRoute]:
        """See FarSide."""
        row = f"{DATA}/tasks({self.named('task')}='{{key}}')"
        return [
            Route(SIGN_IN, self._sign_in, methods=["POST"]),
            Route(row, self._look),
            Route(row, self._write, methods=["PATCH"]),
            Route(f"{DATA}/tasks", self._rows),
            Route(f"{DATA}/EntityDefinitions(LogicalName='task')/Keys", self._keys),
        ]

    def table(self) -> Mapping[str, Any]:
        """See FarSide."""
        names = {"tenant": TENANT, "client_id": CLIENT, "client_secret": SECRET}
        return {"url": self.url, "sign_in": self.url, **names, "page": 2}

    def stamp(self) -> datetime:
        """See Crm."""
        return self.now().replace(microsecond=0)

    def new_id(self) -> str:
        """See Crm."""
        return str(uuid4())

    def chosen(self, status: str) -> Mapping[str, Any]:
        """See Crm."""
        return dict(zip(("statecode", "statuscode"), self.words[status], strict=True))

    async def _sign_in(self, request: Request) -> Response:
        form = {name: texts[0] for name, texts in parse_qs((await request.body()).decode()).items()}
        right = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
        if form != right | {"scope": f"{self.url}/.default"}:
            return JSONResponse({"error": "invalid_client"}, 401)
        given = {"token_type": "Bearer", "expires_in": 3599, "access_token": TOKEN}
        return JSONResponse(given)

    async def _look(self, request: Request) -> Response:
        found = self.find(request.path_params["key"])
        if wrong := _no_token(request):
            return wrong
        return JSONResponse(_told(found[0], request)) if found else _wrong(404)

    async def _write(self, request: Request) -> Response:
        found = next(iter(self.find(request.path_params["key"])), None)
        fields = await request.json()
        if wrong := _no_token(request) or _not_met(request, found) or self._not_written(fields):
            return wrong
        status = 200 if found else 201
        if found is None:
            found = self.add({self.named("task"): request.path_params["key"]})
            fields |= OPEN if fields.get("statecode") else {}
        self.change(found, fields)
        if request.headers.get("prefer") != "return=representation":
            return Response(status_code=204)
        return JSONResponse(_told(found, request), status)

    def _not_written(self, fields: Mapping[str, Any]) -> Response | None:
        long = len(fields.get("subject") or "") > 200 or len(fields.get("description") or "") > 2000
        return None if fields.keys() <= self.known_fields() and not long else _wrong(400)

    async def _rows(self, request: Request) -> Response:
        asked = request.query_params
        if wrong := _no_token(request):
            return wrong
        names = {*self.known_fields(), "activityid", "modifiedon"}
        if not set(asked["$select"].split(",")) <= names:
            return _wrong(400)
        since = _since(asked.get("$filter"))
        rows = [row for row in self.rows if not since or row.changed >= since]
        rows = sorted(rows, key=lambda row: (row.changed, row.id))
        size = int(request.headers.get("prefer", "odata.maxpagesize=5000").partition("=")[2])
        first = int(asked.get("$skiptoken", 0))
        told: dict[str, Any] = {"value": [_told(r, request) for r in rows[first : first + size]]}
        if first + size < len(rows):
            query = "&".join(f"{n}={quote(v)}" for n, v in asked.items() if n != "$skiptoken")
            told["@odata.nextLink"] = f"{self.url}{DATA}/tasks?{query}&$skiptoken={first + size}"
        return JSONResponse(told)

    async def _keys(self, request: Request) -> Response:
        key = {"KeyAttributes": [self.named("task")], "EntityKeyIndexStatus": "Active"}
        return _no_token(request) or JSONResponse({"value": [key]})


def _since(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text.split()[2]) if text else None


def _not_met(request: Request, row: Row | None) -> Response | None:
    if request.headers.get("if-none-match") == "*" and row:
        return _wrong(412)
    match = request.headers.get("if-match")
    if match and row is None:
        return _wrong(404)
    return _wrong(412) if match and row and match not in ("*", _etag(row)) else None


def _etag(row: Row) -> str:
    return f'W/"{row.version}"'


def _no_token(request: Request) -> Response | None:
    given = request.headers.get("authorization", "")
    return None if secrets.compare_digest(given, f"Bearer {TOKEN}") else _wrong(401)


def _wrong(status: int) -> Response:
    return JSONResponse({"error": {"code": "0x80040000", "message": "see the status"}}, status)


def _told(row: Row, request: Request) -> Mapping[str, Any]:
    fields = row.fields | {"activityid": row.id, "modifiedon": f"{row.changed:%Y-%m-%dT%H:%M:%SZ}"}
    names = request.query_params.get("$select", ",".join(fields)).split(",")
    return {ETAG: _etag(row), "activityid": row.id} | {name: fields.get(name) for name in names}


FAR_SIDE: Final = Dataverse
