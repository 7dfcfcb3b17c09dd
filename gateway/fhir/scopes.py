"""SMART scopes (SMART App Launch 2, "scopes for requesting FHIR resources"), and what they open.

Only `system/`: who asks is a program. A scope is granted where the program has the right for it.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from gateway.access.rights import Right
from gateway.access.who import Who
from gateway.fhir.registry import RESOURCES, RIGHTS
from gateway.fhir.resource import Resource

FORM: Final = re.compile(r"system/([A-Za-z]+|\*)\.(c?r?u?d?s?|read|write|\*)")
# Version 1 of SMART.
OLD: Final = {"read": "rs", "write": "cud", "*": "cruds"}
READ: Final = "rs"
SUBSCRIPTION: Final = "Subscription"
SUBSCRIBE: Final = "crds"
OFFERED: Final = (
    *(f"system/{type_}.{READ}" for type_ in RESOURCES),
    f"system/{SUBSCRIPTION}.{SUBSCRIBE}",
)


def are_scopes(asked: Iterable[str]) -> bool:
    """Say whether these are scopes of SMART, and not rights."""
    return any(each.startswith("system/") for each in asked)


def granted(asked: Iterable[str], rights: frozenset[Right]) -> tuple[str, ...]:
    """Return what a program with these rights gets of what it asks for; each resource by name."""
    acts: dict[str, str] = {}
    for type_, wanted in (pair for each in asked for pair in _read(each)):
        kept = [
            act for act in _offered(type_, rights) if act in wanted or act in acts.get(type_, "")
        ]
        if kept:
            acts[type_] = "".join(kept)
    return tuple(f"system/{type_}.{kept}" for type_, kept in sorted(acts.items()))


def _offered(type_: str, rights: frozenset[Right]) -> str:
    if type_ == SUBSCRIPTION:
        return SUBSCRIBE if RIGHTS & rights else ""
    return READ if RESOURCES[type_].rights & rights else ""


def _read(scope: str) -> Iterator[tuple[str, str]]:
    found = FORM.fullmatch(scope)
    if found is None:
        return
    known = (*RESOURCES, SUBSCRIPTION)
    acts = OLD.get(found[2], found[2])
    for type_ in known if found[1] == "*" else (found[1],):
        if type_ in known:
            yield type_, acts


def may(who: Who, resource: Resource, act: str) -> bool:
    """Say whether somebody may read (`r`) or search (`s`) a resource: by scope, else by right."""
    if who.scopes is None:
        return bool(resource.rights & who.rights)
    return has(who, resource.type, act)


def may_subscribe(who: Who, act: str) -> bool:
    """Say whether somebody may create, read, delete or list subscriptions."""
    return bool(RIGHTS & who.rights) if who.scopes is None else has(who, SUBSCRIPTION, act)


def has(who: Who, type_: str, act: str) -> bool:
    """Say whether a token has a scope."""
    scopes = who.scopes or frozenset()
    return any(
        each.startswith(f"system/{type_}.") and act in each.rpartition(".")[2] for each in scopes
    )
