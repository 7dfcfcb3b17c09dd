"""Resources with versions, and the interactions of FHIR's RESTful API on them.

After https://hl7.org/fhir/R4/http.html: create, update, conditional create and update, If-Match,
transaction; https://hl7.org/fhir/R4/search.html: tokens, _lastUpdated, _sort, _count.
"""

import copy
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

Json = dict[str, Any]
Query = list[tuple[str, str]]


class Problem(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        issue = {"severity": "error", "code": code, "diagnostics": text}
        self.outcome: Json = {"resourceType": "OperationOutcome", "issue": [issue]}


@dataclass
class Store:
    """What a server holds; `now` is its clock."""

    now: Callable[[], datetime]
    held: dict[tuple[str, str], Json] = field(default_factory=dict)
    made: int = 0
    atomic: bool = True
    """Whether of a transaction all is done or nothing; Medplum does what it can, by default."""

    def read(self, kind: str, name: str) -> Json:
        """Return a resource. Raises Problem 404."""
        if (kind, name) not in self.held:
            raise Problem(404, "not-found", f"{kind}/{name} is not known")
        return self.held[kind, name]

    def create(self, resource: Json, if_none_exist: str | None = None) -> tuple[int, Json]:
        """Create unless one matches: 201, or 200 and what is there. Several: Problem 412."""
        kind = resource.get("resourceType", "")
        if if_none_exist is not None:
            found = self.search(kind, parse_qsl(if_none_exist))
            if len(found) > 1:
                raise Problem(412, "multiple-matches", "If-None-Exist matches several")
            if found:
                return 200, found[0]
        return 201, self._keep(resource, self.new_id(), 1)

    def update(self, resource: Json, name: str, if_match: str | None = None) -> tuple[int, Json]:
        """Update, or create with the client's id. Another version than If-Match: Problem 412."""
        kind = resource.get("resourceType", "")
        if resource.get("id") != name:
            raise Problem(400, "invalid", "the id in the resource is not that in the address")
        old = self.held.get((kind, name))
        version = old["meta"]["versionId"] if old else "0"
        if if_match is not None and if_match.removeprefix("W/").strip('"') != version:
            raise Problem(412, "conflict", "If-Match is not the current version")
        return (200 if old else 201), self._keep(resource, name, int(version) + 1)

    def update_where(self, resource: Json, query: Query) -> tuple[int, Json]:
        """Update the one that matches, create where none does. Several: Problem 412."""
        found = self.search(resource.get("resourceType", ""), query)
        if len(found) > 1:
            raise Problem(412, "multiple-matches", "several match")
        if not found:
            return self.create(resource)
        return self.update({**resource, "id": found[0]["id"]}, found[0]["id"])

    def new_id(self) -> str:
        """Return an id that nothing has."""
        self.made += 1
        return f"r{self.made}"

    def _keep(self, resource: Json, name: str, version: int) -> Json:
        kept = copy.deepcopy(resource)
        about = {"versionId": str(version), "lastUpdated": stamp(self.now())}
        kept |= {"id": name, "meta": kept.get("meta", {}) | about}
        self.held[kept["resourceType"], name] = kept
        return kept

    def search(self, kind: str, query: Query) -> list[Json]:
        """Return what matches, as `_sort` asks."""
        found = [each for (of, _), each in self.held.items() if of == kind]
        for key, value in query:
            found = [each for each in found if _matches(each, key, value)]
        if ("_sort", "_lastUpdated") in query:
            found.sort(key=lambda each: str(each["meta"]["lastUpdated"]))
        return found

    def transaction(self, bundle: Json) -> Json:
        """Do all of it or nothing. References to entries become references to what they are."""
        before, entries = dict(self.held), bundle.get("entry", [])
        try:
            names = {each["fullUrl"]: self._place(each) for each in entries}
            answers = [self._done(_pointed(e, names), names[e["fullUrl"]]) for e in entries]
        except Problem:
            self.held = before
            raise
        return {"resourceType": "Bundle", "type": "transaction-response", "entry": answers}

    def _done(self, entry: Json, place: str) -> Json:
        try:
            return self._entry(entry, place)
        except Problem as problem:
            if self.atomic:
                raise
            return {"response": {"status": str(problem.status), "outcome": problem.outcome}}

    def _place(self, entry: Json) -> str:
        """Return what an entry will be called: what is there already, or a new id."""
        request, kind = entry["request"], entry["resource"]["resourceType"]
        path, _, query = request["url"].partition("?")
        query = query or request.get("ifNoneExist", "")
        if "/" in path:
            return str(path)
        found = self.search(kind, parse_qsl(query)) if query else []
        if len(found) > 1:
            raise Problem(412, "multiple-matches", f"several match in {kind}")
        return f"{kind}/{found[0]['id'] if found else self.new_id()}"

    def _entry(self, entry: Json, place: str) -> Json:
        request, resource = entry["request"], self._resolved(entry["resource"])
        kind, _, name = place.partition("/")
        if request["method"] == "POST" and (kind, name) in self.held:
            status, kept = 200, self.held[kind, name]
        elif request["method"] in ("POST", "PUT"):
            resource = {**resource, "id": resource.get("id", name)}
            status, kept = self.update(resource, name, request.get("ifMatch"))
        else:
            raise Problem(400, "not-supported", "only POST and PUT")
        version = kept["meta"]["versionId"]
        place = f"{kind}/{kept['id']}/_history/{version}"
        words = {200: "200 OK", 201: "201 Created"}[status]
        return {"response": {"status": words, "location": place, "etag": f'W/"{version}"'}}

    def _resolved(self, resource: Json) -> Json:
        """Make references by search plain ones: one must match, or nothing is done."""

        def plain(value: str) -> str:
            kind, _, query = value.partition("?")
            found = self.search(kind, parse_qsl(query))
            if len(found) != 1:
                raise Problem(412, "not-found", "a conditional reference matches none, or several")
            return f"{kind}/{found[0]['id']}"

        return _references(resource, lambda value: plain(value) if "?" in value else value)


def stamp(at: datetime) -> str:
    """Return an instant."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _pointed(entry: Json, names: Mapping[str, str]) -> Json:
    resource = _references(entry["resource"], lambda value: names.get(value, value))
    return {**entry, "resource": resource}


def _references(resource: Json, change: Callable[[str], str]) -> Json:
    def read(pairs: Iterable[tuple[str, Any]]) -> Json:
        return {
            key: change(value) if key == "reference" and isinstance(value, str) else value
            for key, value in pairs
        }

    found: Json = json.loads(json.dumps(resource), object_pairs_hook=read)
    return found


def _matches(resource: Json, key: str, value: str) -> bool:
    if key == "identifier":
        system, bar, code = value.partition("|")
        return any(
            each.get("system") == system and code in ("", each.get("value"))
            for each in resource.get("identifier", ())
            if bar
        )
    if key == "_lastUpdated":
        at = datetime.fromisoformat(resource["meta"]["lastUpdated"])
        return at >= datetime.fromisoformat(value.removeprefix("ge"))
    if key == "_id":
        return bool(resource["id"] == value)
    if key in ("_sort", "_count", "_offset"):
        return True
    raise Problem(400, "not-supported", f"unknown search parameter {key}")
