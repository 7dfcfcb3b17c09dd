"""OpenMRS's Task, as the module fhir2 keeps it; the rest of OpenMRS is not here.

Read in https://github.com/openmrs/openmrs-module-fhir2 at 4.2.0 (FhirTask, TaskTranslatorImpl,
BaseFhirService, BaseUpsertFhirResourceProvider, liquibase.xml) and, for what 3.0.0 and 4.0.0 lack,
at those tags: PUT creates if `fhir2.upsert.supported.resources` names Task; what a resource leaves
out stays; an identifier is the server's own, and nothing is found by it; no If-Match, no
If-None-Exist, no transaction; a status that the release does not know is kept as UNKNOWN, which no
resource can be made of; a note longer than its column fails; times are whole seconds.
"""

import base64
import copy
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from simulators.far_sides.fhir_store import Json, Problem, stamp
from simulators.far_sides.side import FarSide, Task

BASE: Final = "/openmrs/ws/fhir2/R4"
USER, PASSWORD = "hearthline", "Password-of-the-openmrs-double"
TEAM: Final = "Organization/team"
NAMES: Final = ("Ada Byron", "Grace Hopper", "Ann", "Bea", "Cleo There")
PEOPLE: Final = {name: f"Practitioner/{name.lower().replace(' ', '-')}" for name in NAMES}
SAID: Final = (
    *("urgency", "outcome", "actionable", "attempts", "note"),
    *("asked_at", "asked_by", "red_flags"),
)
CONCEPTS: Final = {name: name.replace("_", "-").ljust(36, "A") for name in SAID}
LONGEST: Final = 255
THREE: Final = frozenset({"requested", "rejected", "accepted", "completed"})
FOUR: Final = THREE | {"ready", "on-hold", "cancelled"}
ALL: Final = FOUR | {"draft", "received", "in-progress", "failed", "entered-in-error"}
KNOWN: Final = {"3.0": THREE, "4.0": FOUR, "4.1": ALL}
KEPT: Final = ("status", "intent", "for", "owner", "focus", "executionPeriod", "output", "note")


class OpenMrs(FarSide):
    """Keeps tasks, by their id."""

    kind: ClassVar[str] = "openmrs"
    title: ClassVar[str] = "OpenMRS (FHIR2)"
    secrets: ClassVar[frozenset[str]] = frozenset({PASSWORD})
    release = "4.1"
    """Of the module: what states it knows."""
    upsert = True
    """Whether the global property names Task."""
    most: ClassVar[int] = 3

    def forget(self) -> None:
        """See FarSide."""
        self.held: dict[str, Json] = {}
        self.pages: dict[str, list[Json]] = {}

    def routes(self) -> Sequence[BaseRoute]:
        """See FarSide."""
        return [
            Route(BASE, self._page),
            Route(f"{BASE}/Task", self._many, methods=["GET", "POST"]),
            Route(f"{BASE}/Task/{{name}}", self._one, methods=["GET", "PUT", "DELETE"]),
        ]

    def table(self) -> Mapping[str, Any]:
        """See FarSide."""
        return {
            "url": self.url + BASE,
            "user": USER,
            "password": PASSWORD,
            "release": self.release,
            "people": PEOPLE,
            "team": TEAM,
            "concepts": CONCEPTS,
        }

    async def _many(self, request: Request) -> Response:
        if request.method == "POST":
            return await self._guarded(request, lambda body: self._put(str(uuid4()), body))
        query = parse_qsl(request.url.query)
        return await self._guarded(request, lambda _: (200, self._search(query)))

    async def _one(self, request: Request) -> Response:
        name = request.path_params["name"]
        if request.method == "GET":
            return await self._guarded(request, lambda _: (200, self._read(name)))
        return await self._guarded(request, lambda body: self._update(name, body))

    async def _page(self, request: Request) -> Response:
        name = request.query_params.get("_getpages", "")
        return await self._guarded(request, lambda _: (200, self._following(name)))

    async def _guarded(self, request: Request, act: Any) -> Response:
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return Response("Not authenticated", 401)
        try:
            body = json.loads(await request.body() or b"{}")
            with self.lock:
                status, resource = act(body)
        except Problem as problem:
            return JSONResponse(problem.outcome, problem.status)
        return JSONResponse(resource, status, media_type="application/fhir+json")

    def _update(self, name: str, body: Json) -> tuple[int, Json]:
        if body.get("id") != name:
            raise Problem(400, "invalid", "Task id does not match resource id.")
        if name not in self.held and not self.upsert:
            raise Problem(404, "not-found", f"Resource of type Task with ID {name} is not known")
        return self._put(name, body)

    def _put(self, name: str, body: Json) -> tuple[int, Json]:
        made = name not in self.held
        row = {**self.held.get(name, {"made": self.now()})}
        row |= {key: copy.deepcopy(body[key]) for key in KEPT if body.get(key)}
        row |= {"note": row["note"][:1]} if row.get("note") else {}
        if any(len(each.get("text", "")) > LONGEST for each in row.get("note", ())):
            raise Problem(500, "exception", "Data too long for column 'comment'")
        if row["status"] not in KNOWN[self.release]:
            row["status"] = "UNKNOWN"
        row["changed"] = self.now()
        seconds = row["changed"] + timedelta(milliseconds=500)
        self.held[name] = row | {"changed": seconds.replace(microsecond=0)}
        return (201 if made else 200), self._resource(name, row)

    def _resource(self, name: str, row: Json) -> Json:
        if row["status"] == "UNKNOWN":
            raise Problem(500, "exception", "No enum constant Task.TaskStatus.UNKNOWN")
        at: datetime = row["changed"]
        system = "http://fhir.openmrs.org/ext/task/identifier"
        return {
            "resourceType": "Task",
            "id": name,
            "meta": {"versionId": str(int(at.timestamp() * 1000)), "lastUpdated": stamp(at)},
            "identifier": [{"system": system, "value": name}],
            "authoredOn": stamp(row["made"]),
            "lastModified": stamp(at),
            **{key: row[key] for key in KEPT if key in row},
        }

    def _read(self, name: str) -> Json:
        if name not in self.held:
            raise Problem(404, "not-found", f"Resource of type Task with ID {name} is not known")
        return self._resource(name, self.held[name])

    def _search(self, query: Sequence[tuple[str, str]]) -> Json:
        asked = dict(query)
        since = asked.get("_lastUpdated", "ge1970-01-01T00:00:00Z").removeprefix("ge")
        first = datetime.fromisoformat(since)
        found = [
            self._resource(name, row)
            for name, row in self.held.items()
            if row["changed"] >= first and asked.get("_id", name) == name
        ]
        return self._bundle(found)

    def _bundle(self, found: list[Json]) -> Json:
        links: list[Json] = []
        if found[self.most :]:
            name = f"p{len(self.pages)}"
            self.pages[name] = found[self.most :]
            links.append({"relation": "next", "url": f"{self.url}{BASE}?_getpages={name}"})
        entries = [{"resource": each} for each in found[: self.most]]
        return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}

    def _following(self, name: str) -> Json:
        if name not in self.pages:
            raise Problem(410, "processing", "Search ID does not exist and may have expired")
        return self._bundle(self.pages[name])

    def tasks(self) -> Sequence[Task]:
        """See FarSide."""
        with self.lock:
            return [self._told(name, row) for name, row in self.held.items()]

    def _told(self, name: str, row: Json) -> Task:
        reference = row.get("owner", {}).get("reference")
        owner = next((person for person, known in PEOPLE.items() if known == reference), None)
        subject, _, body = row["note"][0]["text"].partition("\n")
        return Task(UUID(name), name, row["status"], owner, subject, body)

    def edit(
        self,
        task: UUID,
        *,
        status: str | None = None,
        owner: str | None = None,
        end: Mapping[str, Any] | None = None,
    ) -> None:
        """See FarSide."""
        new: Json = {}
        with self.lock:
            new |= {"status": self._chosen(status)} if status else {}
            if owner:
                new["owner"] = {"type": "Practitioner", "reference": PEOPLE[owner]}
            if end:
                new["output"] = _outputs(end)
            self._put(str(task), new)

    def _chosen(self, status: str) -> str:
        """Return what a person chooses where the release has no such state."""
        known = KNOWN[self.release]
        return status if status in known else "accepted"

    def duplicate(self, task: UUID) -> bool:  # noqa: ARG002
        """See FarSide: an id is one's own."""
        return False


def _outputs(end: Mapping[str, Any]) -> list[Json]:
    check = end.get("symptom_check") or {}
    told = {key: end.get(key) for key in ("urgency", "outcome", "attempts", "note")}
    told |= {"actionable": str(end["actionable"]).lower()}
    told |= {"asked_at": check.get("at"), "asked_by": check.get("answered_by")}
    told |= {"red_flags": ", ".join(map(str, check.get("red_flags", ())))}
    return [
        {"type": {"coding": [{"code": CONCEPTS[key]}]}, "valueString": str(value)}
        for key, value in told.items()
        if value
    ]


FAR_SIDE: Final = OpenMrs
