"""HubSpot as its API reference describes it, for tasks.

Batch upsert by a property with unique values (200; 207 with `numErrors` and `errors`), one task by
that property, search sorted by `hs_lastmodifieddate` with at most 200 results a page and `after`,
properties with `hasUniqueValue`, the token of a private app; every value a text, times with
milliseconds. `hs_timestamp` is required; an unknown property is a validation error.
https://developers.hubspot.com/docs/api/crm/tasks
https://developers.hubspot.com/docs/api-reference/2026-03/crm/search-the-crm
https://developers.hubspot.com/docs/api-reference/2026-03/crm/properties/get-properties
https://developers.hubspot.com/docs/api-reference/error-handling

Not said there: how long search takes to learn of a change; here it knows at once.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from simulators.far_sides.records import Crm, Row

TOKEN: Final = "pat-eu1-far-side"  # noqa: S105
TASKS: Final = "/crm/objects/2026-03/tasks"
SEARCH: Final = f"{TASKS}/search"
MOST: Final = 200
STATUSES: Final = frozenset({"NOT_STARTED", "IN_PROGRESS", "WAITING", "DEFERRED", "COMPLETED"})


class HubSpot(Crm):
    """An account whose tasks have our properties."""

    kind: ClassVar[str] = "hubspot"
    title: ClassVar[str] = "HubSpot"
    prefix: ClassVar[str] = "hearthline_"
    reads: ClassVar[frozenset[str]] = frozenset({SEARCH})
    secrets: ClassVar[frozenset[str]] = frozenset({TOKEN})
    own: ClassVar[Mapping[str, str]] = {
        "status": "hs_task_status",
        "subject": "hs_task_subject",
        "text": "hs_task_body",
        "priority": "hs_task_priority",
        "type": "hs_task_type",
        "due": "hs_timestamp",
    }
    words: ClassVar[Mapping[str, str]] = {
        "requested": "NOT_STARTED",
        "in-progress": "IN_PROGRESS",
        "on-hold": "WAITING",
        "completed": "COMPLETED",
    }

    def routes(self) -> Sequence[BaseRoute]:
        """See FarSide."""
        return [
            Route("/crm/properties/2026-03/tasks", self._properties),
            Route(SEARCH, self._search, methods=["POST"]),
            Route(f"{TASKS}/batch/upsert", self._upsert, methods=["POST"]),
            Route(f"{TASKS}/{{key}}", self._one),
        ]

    def table(self) -> Mapping[str, Any]:
        """See FarSide."""
        return {"url": self.url, "token": TOKEN, "page": 2}

    def stamp(self) -> datetime:
        """See Crm."""
        now = self.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def new_id(self) -> str:
        """See Crm."""
        return str(7_000_000 + len(self.rows))

    def typed(self, value: Any) -> Any:
        """See Crm."""
        return str(value).lower() if isinstance(value, bool) else str(value)

    async def _properties(self, request: Request) -> Response:
        if wrong := _no_token(request):
            return wrong
        key = self.named("task")
        names = sorted({*self.known_fields(), "hs_lastmodifieddate"})
        return JSONResponse({"results": [{"name": n, "hasUniqueValue": n == key} for n in names]})

    async def _one(self, request: Request) -> Response:
        found = self.find(request.path_params["key"])
        if wrong := _no_token(request):
            return wrong
        if request.query_params.get("idProperty") != self.named("task") or not found:
            return _wrong(404, "OBJECT_NOT_FOUND")
        asked = request.query_params.get("properties", "").split(",")
        return JSONResponse(_record(found[0], asked))

    async def _upsert(self, request: Request) -> Response:
        if wrong := _no_token(request):
            return wrong
        results, errors = [], []
        for row in (await request.json())["inputs"]:
            if category := self._not_written(row):
                errors.append({"status": "error", "category": category, "message": "not written"})
            else:
                results.append(self._written(row))
        told: dict[str, Any] = {"status": "COMPLETE", "results": results}
        told |= {"numErrors": len(errors), "errors": errors} if errors else {}
        return JSONResponse(told, 207 if errors else 200)

    def _not_written(self, row: Mapping[str, Any]) -> str | None:
        told, found = row["properties"], self.find(row["id"])
        known = told.keys() <= self.known_fields() and row["idProperty"] == self.named("task")
        timed = found or told.get("hs_timestamp")
        status = told.get("hs_task_status", "NOT_STARTED") in STATUSES
        texts = all(isinstance(value, str) for value in told.values())
        return None if known and timed and status and texts else "VALIDATION_ERROR"

    def _written(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        found = self.find(told["id"])
        row = found[0] if found else self.add({self.named("task"): told["id"]})
        self.change(row, {name: value or None for name, value in told["properties"].items()})
        return _record(row, list(told["properties"])) | {"new": not found}

    async def _search(self, request: Request) -> Response:
        if wrong := _no_token(request):
            return wrong
        asked = await request.json()
        if not 1 <= asked["limit"] <= MOST:
            return _wrong(400, "VALIDATION_ERROR")
        since = datetime.fromtimestamp(
            int(asked["filterGroups"][0]["filters"][0]["value"]) / 1e3, UTC
        )
        found = sorted((r for r in self.rows if r.changed >= since), key=lambda r: r.changed)
        first = int(asked.get("after", 0))
        last = first + asked["limit"]
        page = [_record(row, asked["properties"]) for row in found[first:last]]
        told: dict[str, Any] = {"total": len(found), "results": page}
        more = {"paging": {"next": {"after": str(last)}}} if last < len(found) else {}
        return JSONResponse(told | more)


def _no_token(request: Request) -> Response | None:
    given = request.headers.get("authorization", "")
    right = secrets.compare_digest(given, f"Bearer {TOKEN}")
    return None if right else _wrong(401, "INVALID_AUTHENTICATION")


def _wrong(status: int, category: str) -> Response:
    return JSONResponse({"status": "error", "category": category, "message": "see there"}, status)


def _record(row: Row, names: Sequence[str]) -> dict[str, Any]:
    changed = f"{row.changed.isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"
    properties = {name: row.fields.get(name) for name in names} | {"hs_lastmodifieddate": changed}
    made = row.made.isoformat(timespec="milliseconds")
    return {"id": row.id, "properties": properties, "createdAt": made, "updatedAt": changed}


FAR_SIDE: Final = HubSpot
