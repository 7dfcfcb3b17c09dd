"""The OpenAPI document: what each route is called, needs and answers, for those who write programs.

It is made from the code and not kept: `hearthline-gateway openapi` prints it.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from gateway.access.programs import FOR_PROGRAMS
from gateway.access.rights import Right
from gateway.access.session import COOKIE
from gateway.api import v1
from gateway.api.documented import Problem
from gateway.api.examples import add_examples

ABOUT: Final = """
Remote patient monitoring: patients, readings, alerts, tasks, and what people do about them. A
program asks with a key, or with a token for its client credentials, always within one
organisation. Moments are RFC 3339, units UCUM. Errors are problems (RFC 9457) that tell no value
and no name. Lists come in pages: ask with `cursor` until `next` is null. What two people may edit
has an ETag, which a change names by If-Match. A POST with an Idempotency-Key is done once.
"""
TAGS: Final = {
    "tasks": "The worklist, and what people do with a task.",
    "patients": "Who is followed.",
    "registration": "How a patient comes, and agrees.",
    "readings": "What devices measured: as it came, corrected, by day.",
    "alerts": "Episodes in which a rule held.",
    "contacts": "Whom somebody tried to reach.",
    "notes": "What people wrote down.",
    "symptoms": "What patients tell.",
    "time": "Minutes and days, and what they come to.",
    "rules": "Rules, limits and packs.",
    "programmes": "What people are followed for.",
    "schedules": "When patients measure, and who is silent.",
    "care teams": "Who cares for whom.",
    "people": "Colleagues, their roles, and programs.",
    "organisations": "Where somebody works.",
    "hubs": "Hubs, and how far their installation has come.",
    "enrolment": "How a box becomes a hub.",
    "devices": "Devices, and whose they are.",
    "held readings": "Readings of which nobody knows whose they are.",
    "connectors": "Worklists elsewhere: how they are, what was given up.",
    "custody": "What became of everything that hubs took.",
    "audit": "Who did and saw what.",
    "changes": "What changes, as it changes.",
    "token": "Tokens for programs.",
}
SCHEMES: Final = {
    "key": {"type": "http", "scheme": "bearer", "description": "A program's key, or its token."},
    "token": {
        "type": "oauth2",
        "flows": {
            "clientCredentials": {
                "tokenUrl": "/oauth/token",
                "scopes": {right.value: right.value for right in sorted(FOR_PROGRAMS)},
            }
        },
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "A person's session; what is no GET needs X-CSRF-Token, too.",
    },
}


def describe(app: FastAPI) -> None:
    """Have this application describe itself."""
    app.openapi = partial(document, app)  # type: ignore[method-assign]  # FastAPI's documented way


def api_alone() -> FastAPI:
    """Return an application of the API's routes, to be described, not served."""
    from gateway.web.app import routers

    app = FastAPI(title="Hearthline", version="1")
    for router in routers(v1):
        app.include_router(router)
    describe(app)
    return app


def document(app: FastAPI) -> dict[str, Any]:
    """Return the document; it is made once."""
    if app.openapi_schema is None:
        app.openapi_schema = _made(app)
    return app.openapi_schema


def routes_of(app: FastAPI) -> Iterator[tuple[str, APIRoute]]:
    """Return every route with its path, of routers that were included too."""
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute):
            yield str(context.path_format), context.original_route


def rights_of(route: APIRoute) -> frozenset[Right]:
    """Return the rights of which a route needs one; none: it is for everybody."""
    return frozenset().union(*_rights(route.dependant))


def _made(app: FastAPI) -> dict[str, Any]:
    tags = [{"name": name, "description": about} for name, about in TAGS.items()]
    made = get_openapi(
        title="Hearthline", version="1", description=ABOUT, routes=app.routes, tags=tags
    )
    made["components"]["schemas"]["Problem"] = Problem.model_json_schema()
    made["components"]["securitySchemes"] = SCHEMES
    for path, route in routes_of(app):
        if route.include_in_schema:
            _complete(made["paths"][path], route)
    add_examples(made)
    return made


def _complete(path: dict[str, Any], route: APIRoute) -> None:
    """Name the operation after its file and function, and say which right it needs."""
    rights = sorted(rights_of(route))
    for method in route.methods or ():
        told = path[method.lower()]
        told["operationId"] = f"{route.endpoint.__module__.rpartition('.')[2]}_{route.name}"
        if rights:
            needed = " or ".join(f"`{right}`" for right in rights)
            told["description"] = f"{told.get('description', '')}\n\nNeeds {needed}.".strip()
            told["security"] = [{"key": []}, {"session": []}] + [
                {"token": [right.value]} for right in rights if right in FOR_PROGRAMS
            ]


def _rights(dependant: Dependant) -> Iterator[frozenset[Right]]:
    found = getattr(dependant.call, "rights", None)
    if isinstance(found, frozenset):
        yield found
    for below in dependant.dependencies:
        yield from _rights(below)
