"""A FHIR R4 server, small: no profiles, no authorisation, no terminology; not HAPI, not Medplum.

What it does is https://hl7.org/fhir/R4/http.html (create, conditional create: 201, 200, 412; update
with If-Match: 412; conditional update; transaction with conditional references) and
https://hl7.org/fhir/R4/search.html#paging (links with what only the server understands).
Signing in is https://hl7.org/fhir/smart-app-launch/backend-services.html: by a key, for a token.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.jwt import JWTClaimsRegistry
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from simulators.far_sides.fhir_store import Json, Problem, Query, Store
from simulators.far_sides.side import FarSide, Task

ROOT: Final = "urn:hearthline"
FHIR_JSON: Final = "application/fhir+json"
TOKENS: Final = "/auth/token"
TOKEN: Final = "token-of-the-fhir-double"  # noqa: S105
KEY: Final = ECKey.generate_key("P-384", {"kid": "2026-11"})
CLIENT: Final = "hearthline"
LONGEST_S: Final = 300
KINDS: Final = (
    "Patient",
    "DetectedIssue",
    "Flag",
    "Observation",
    "Device",
    "Communication",
    "Task",
)


class FhirServer(FarSide):
    """Keeps the newest version of each resource."""

    kind: ClassVar[str] = "fhir"
    title: ClassVar[str] = "a FHIR R4 server"
    sign_ins: ClassVar[frozenset[str]] = frozenset({TOKENS})
    secrets: ClassVar[frozenset[str]] = frozenset({TOKEN})
    base: ClassVar[str] = "/fhir"
    most: ClassVar[int] = 3
    """A page has no more, whatever `_count` says."""
    counts_pages: bool = False
    """A page begins after so many tasks (Medplum's `_offset`), not where the last answer ended."""

    def forget(self) -> None:
        """See FarSide."""
        self.store = Store(self.now)
        self.asserted: set[str] = set()
        self.pages: dict[str, list[Json]] = {}

    def routes(self) -> Sequence[BaseRoute]:
        """See FarSide."""
        one = self.base + "/{kind}/{name}"
        return [
            Route(self.base, self._whole, methods=["GET", "POST"]),
            Route(TOKENS, self._sign_in, methods=["POST"]),
            Route(f"{self.base}/metadata", self._metadata),
            Route(self.base + "/{kind}", self._many, methods=["GET", "POST", "PUT"]),
            Route(one, self._one, methods=["GET", "PUT"]),
        ]

    def table(self) -> Mapping[str, Any]:
        """See FarSide."""
        sign_in = {
            "by": "key",
            "token_url": self.url + TOKENS,
            "client_id": CLIENT,
            "private_key": KEY.as_pem(private=True).decode(),
            "key_id": "2026-11",
        }
        return {"url": self.url + self.base, "sign_in": sign_in}

    async def _sign_in(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        try:
            token = jwt.decode(form["client_assertion"], KEY, algorithms=["ES384"])
            self._asserted(token.claims)
        except (JoseError, ValueError, KeyError):
            return JSONResponse({"error": "invalid_client"}, 400)
        return JSONResponse({"access_token": TOKEN, "token_type": "bearer", "expires_in": 300})

    def _asserted(self, claims: dict[str, Any]) -> None:
        """Look who says it, to whom, that it ends soon by this clock, and that it is new."""
        now = self.now().timestamp()
        JWTClaimsRegistry(
            int(now),
            iss={"essential": True, "value": CLIENT},
            sub={"essential": True, "value": CLIENT},
            aud={"essential": True, "value": self.url + TOKENS},
            exp={"essential": True},
            jti={"essential": True},
        ).validate(claims)
        if claims["exp"] - now > LONGEST_S or claims["jti"] in self.asserted:
            raise ValueError("it lasts too long, or came before")
        self.asserted.add(claims["jti"])

    async def _metadata(self, request: Request) -> Response:  # noqa: ARG002
        statement = {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "kind": "instance",
            "fhirVersion": "4.0.1",
            "format": ["json"],
        }
        return self._answer(200, statement)

    async def _whole(self, request: Request) -> Response:
        if request.method == "GET":
            return await self._guarded(request, lambda _: self._page(request.url.query))
        return await self._guarded(request, lambda body: (200, self.store.transaction(body)))

    async def _many(self, request: Request) -> Response:
        query, kind = parse_qsl(request.url.query), request.path_params["kind"]
        if request.method == "GET":
            return await self._guarded(request, lambda _: (200, self._search(kind, query)))
        if request.method == "PUT":
            return await self._guarded(request, lambda body: self.store.update_where(body, query))
        condition = request.headers.get("if-none-exist")
        return await self._guarded(request, lambda body: self.store.create(body, condition))

    async def _one(self, request: Request) -> Response:
        kind, name = request.path_params["kind"], request.path_params["name"]
        if request.method == "GET":
            return await self._guarded(request, lambda _: (200, self.store.read(kind, name)))
        condition = request.headers.get("if-match")
        return await self._guarded(request, lambda body: self.store.update(body, name, condition))

    async def _guarded(self, request: Request, act: Any) -> Response:
        if not self.let_in(request):
            return self._answer(401, Problem(401, "login", "sign in").outcome)
        try:
            body = json.loads(await request.body() or b"{}")
            with self.lock:
                status, resource = act(body)
        except Problem as problem:
            return self._answer(problem.status, problem.outcome)
        except ValueError:
            return self._answer(400, Problem(400, "structure", "not JSON").outcome)
        return self._answer(status, resource)

    def let_in(self, request: Request) -> bool:
        """Tell whether a request may be answered."""
        return request.headers.get("authorization") == f"Bearer {TOKEN}"

    def _answer(self, status: int, resource: Json) -> Response:
        version = resource.get("meta", {}).get("versionId")
        headers = {"etag": f'W/"{version}"'} if version else {}
        if version:
            place = f"{resource['resourceType']}/{resource['id']}/_history/{version}"
            headers["location"] = f"{self.url}{self.base}/{place}"
        return JSONResponse(resource, status, headers, media_type=FHIR_JSON)

    def _search(self, kind: str, query: Query) -> Json:
        if kind not in KINDS:
            raise Problem(404, "not-supported", f"no {kind} here")
        found, asked = self.store.search(kind, query), dict(query)
        size = min(int(asked.get("_count", self.most)), self.most)
        if not self.counts_pages:
            return self._bundle(found, size)
        first = int(asked.get("_offset", 0))
        onward = urlencode({**asked, "_offset": first + size})
        return self._bundle(found[first:], size, f"/{kind}?{onward}")

    def _bundle(self, found: list[Json], size: int, onward: str = "") -> Json:
        entries = [{"resource": each, "search": {"mode": "match"}} for each in found[:size]]
        links: list[Json] = []
        if found[size:]:
            address = f"{self.url}{self.base}{onward or self._kept(found[size:], size)}"
            links.append({"relation": "next", "url": address})
        return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}

    def _kept(self, rest: list[Json], size: int) -> str:
        name = f"p{len(self.pages)}"
        self.pages[name] = rest
        return f"?_getpages={name}&_count={size}"

    def _page(self, text: str) -> tuple[int, Json]:
        query = dict(parse_qsl(text))
        rest = self.pages.get(query.get("_getpages", ""))
        if rest is None:
            raise Problem(410, "not-found", "this search is not known any more")
        return 200, self._bundle(rest, int(query["_count"]))

    def tasks(self) -> Sequence[Task]:
        """See FarSide."""
        with self.lock:
            found = [each for (kind, _), each in self.store.held.items() if kind == "Task"]
            return [self._told(each) for each in found]

    def _told(self, task: Json) -> Task:
        owner = task.get("owner", {}).get("display")
        text = [each.get("valueString", "") for each in task.get("input", ())]
        lines = "\n".join(each for each in text if each)
        return Task(self.key(task), task["id"], task["status"], owner, task["description"], lines)

    def key(self, task: Json) -> UUID:
        """Return whose task it is there."""
        system = f"{ROOT}:task"
        return next(UUID(e["value"]) for e in task["identifier"] if e["system"] == system)

    def edit(
        self,
        task: UUID,
        *,
        status: str | None = None,
        owner: str | None = None,
        end: Mapping[str, Any] | None = None,
    ) -> None:
        """See FarSide."""
        with self.lock:
            held = self.store.held.items()
            here = next(e for (kind, _), e in held if kind == "Task" and self.key(e) == task)
            new = {**here}
            new |= {"status": status} if status else {}
            new |= {"owner": {"type": "Practitioner", "display": owner}} if owner else {}
            new |= self.ended(end) if end else {}
            self.store.update(new, new["id"])

    def ended(self, end: Mapping[str, Any]) -> Json:
        """Return what a person there adds to a Task at its end."""
        check = end.get("symptom_check") or {}
        output = [
            *(_output(key, valueCodeableConcept=_concept(key, end[key])) for key in CODED),
            _output("actionable", valueBoolean=end["actionable"]),
        ]
        if end.get("attempts") is not None:
            output.append(_output("attempts", valueInteger=end["attempts"]))
        if check:
            output.append(_output("symptoms-asked-at", valueDateTime=str(check["at"])))
            output.append(_output("symptoms-answered-by", valueCode=str(check["answered_by"])))
        output += [_output("red-flag", valueCode=str(e)) for e in check.get("red_flags", ())]
        note = {"note": [{"text": end["note"]}]} if end.get("note") else {}
        return {"output": output, **note}

    def duplicate(self, task: UUID) -> bool:
        """See FarSide."""
        with self.lock:
            held = list(self.store.held.items())
            here = next(e for (kind, _), e in held if kind == "Task" and self.key(e) == task)
            self.store.create(here)
        return True


CODED: Final = ("urgency", "outcome")


def _concept(of: str, code: str) -> Json:
    return {"coding": [{"system": f"{ROOT}:{of}", "code": code}]}


def _output(code: str, **value: Any) -> Json:
    return {"type": _concept("task-parameter", code), **value}


FAR_SIDE: Final = FhirServer
