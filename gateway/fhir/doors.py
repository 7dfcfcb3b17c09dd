"""Who may enter: the dependencies of the routes under `/fhir`. As `needs`, but for scopes too."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fastapi import Depends
from starlette.requests import Request

from gateway.access.rights import Right
from gateway.access.who import Who
from gateway.api.call import Call, Site
from gateway.errors import Forbidden
from gateway.fhir.errors import ScopeMissing
from gateway.fhir.registry import RESOURCES, RIGHTS
from gateway.fhir.resource import Resource
from gateway.fhir.scopes import may, may_subscribe


def asks(resource: Resource, act: str) -> Any:
    """Return the dependency of a route that reads (`r`) or searches (`s`) a resource."""
    return _door(resource.rights, lambda who: may(who, resource, act))


def asks_any() -> Any:
    """Return the dependency of a route for whoever may read something; what, it looks itself."""
    return _door(RIGHTS, lambda who: bool(readable(who)))


def subscribes(act: str) -> Any:
    """Return the dependency of a route of subscriptions."""
    return _door(RIGHTS, lambda who: may_subscribe(who, act))


def readable(who: Who, types: Iterable[str] = RESOURCES) -> list[str]:
    """Return those types that somebody may read and search."""
    return [each for each in types if all(may(who, RESOURCES[each], act) for act in "rs")]


def _door(rights: frozenset[Right], opens: Callable[[Who], bool]) -> Any:
    def call(request: Request) -> Iterator[Call]:
        site: Site = request.app.state.site
        who = site.signed_in(request)
        if not opens(who):
            raise Forbidden if who.scopes is None else ScopeMissing
        with site.transaction(who.organisation) as connection:
            yield Call(who, connection, site.now(), site)

    call.rights = rights  # type: ignore[attr-defined]  # the table of docs/access.md is read off it
    return Depends(call, scope="function")
