"""Answers a search: a searchset of one page, with what it includes and the way to the next."""

from collections.abc import Iterable, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.call import Call
from gateway.fhir.ask import Pairs, ask
from gateway.fhir.find import View, count, page, references, several
from gateway.fhir.links import PAGE, Place, base_of, next_link, read_place, self_link
from gateway.fhir.parts import page_of_parts, several_parts
from gateway.fhir.registry import RESOURCES
from gateway.fhir.resource import Built, Resource, Row
from gateway.fhir.scopes import may
from gateway.fhir.write import answer, is_strict

# A page brings no more along than this of another type.
MOST_INCLUDED = 1000


def search(request: Request, call: Call, resource: Resource, pairs: Pairs) -> Response:
    """Answer a search."""
    given = dict(pairs)
    place: Place | None = None
    if PAGE in given:
        place = read_place(request, resource.type, call.who.id, given[PAGE])
        pairs = place.pairs
    asked = ask(resource, pairs, call.now, is_strict(request) and place is None)
    view = View(call.who.id, call.now)
    bundle: Built = {"resourceType": "Bundle", "type": "searchset"}
    bundle["link"] = [
        {"relation": "self", "url": self_link(request, resource.type, asked.used)},
    ]
    if asked.count_only or asked.total:
        bundle["total"] = count(call.connection, asked, view)
    if asked.count_only:
        call.audit("fhir.count", type=resource.type)
        return answer(bundle)
    found = page_of_parts if resource.whole else page
    rows, last = found(call.connection, asked, view, place.after if place else None)
    if last is not None:
        follows = next_link(request, resource.type, call.who.id, Place(asked.used, last))
        bundle["link"].append({"relation": "next", "url": follows})
    built = [resource.build(row) for row in rows]
    included = _included(
        call, references(built, asked), view, {each["id"] for each in built}, resource
    )
    seen = [row for more in included.values() for row in more] + list(rows)
    entries = _entries(base_of(request), built, "match")
    for type_, more in included.items():
        entries += _entries(
            base_of(request), [RESOURCES[type_].build(row) for row in more], "include"
        )
    if entries:
        bundle["entry"] = entries
    call.audit("fhir.search", patients=_patients(seen), type=resource.type)
    return answer(bundle)


def _included(
    call: Call, named: Mapping[str, set[str]], view: View, known: set[str], resource: Resource
) -> dict[str, Sequence[Row]]:
    found: dict[str, Sequence[Row]] = {}
    for type_, ids in named.items():
        if type_ not in RESOURCES or not may(call.who, RESOURCES[type_], "r"):
            continue
        wanted = sorted(ids - known if type_ == resource.type else ids)[:MOST_INCLUDED]
        bring = several_parts if RESOURCES[type_].whole else several
        found[type_] = bring(call.connection, RESOURCES[type_], wanted, view)
    return found


def _entries(base: str, built: Iterable[Built], mode: str) -> list[Built]:
    return [
        {
            "fullUrl": f"{base}/{each['resourceType']}/{each['id']}",
            "resource": each,
            "search": {"mode": mode},
        }
        for each in built
    ]


def _patients(rows: Iterable[Row]) -> list[object]:
    return sorted({row["patient"] for row in rows if row["patient"]})
