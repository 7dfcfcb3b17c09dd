"""Subscription (rest-hook): create, read, list, delete. Each program has its own."""

from typing import Annotated, Final
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from gateway.access.desk import desk
from gateway.api.call import Call
from gateway.errors import Forbidden, NotFound
from gateway.fhir.dates import FORM, span
from gateway.fhir.doors import subscribes
from gateway.fhir.errors import ScopeMissing, TooMany, Unprocessable
from gateway.fhir.hook import Hook
from gateway.fhir.links import base_of
from gateway.fhir.resource import as_uuid
from gateway.fhir.scopes import may
from gateway.fhir.subscribed import build, criteria, read, sealed_headers
from gateway.fhir.write import answer, must_want_json, versioned
from gateway.storage.fhir_subscriptions import (
    add_subscription,
    delete_subscription,
    subscriptions_of,
)

router = APIRouter(prefix="/fhir", include_in_schema=False, dependencies=[Depends(must_want_json)])
MOST: Final = 20
REASON: Final = 200


async def _body(request: Request) -> bytes:
    return await request.body()


@router.post("/Subscription")
def create(
    request: Request, call: Annotated[Call, subscribes("c")], body: Annotated[bytes, Depends(_body)]
) -> Response:
    """Ask to be told."""
    if call.who.session is not None:
        raise Unprocessable("Programs subscribe; people are told by the worklist.")
    given, at = read(body), desk(request)
    asked = criteria(given["criteria"], call.now)
    if not may(call.who, asked.resource, "s"):
        raise Forbidden if call.who.scopes is None else ScopeMissing
    Hook(at.settings.fhir_private_endpoints).check(given["channel"]["endpoint"])
    if len(subscriptions_of(call.connection, call.who.id)) >= MOST:
        raise TooMany
    id_ = uuid4()
    told = {
        "id": id_,
        "organisation": call.who.organisation,
        "who": call.who.id,
        "reason": given["reason"][:REASON],
        "criteria": given["criteria"],
        "endpoint": given["channel"]["endpoint"],
        "headers": sealed_headers(at.key, id_, given["channel"]),
        "ends_at": _end(given.get("end")),
        "now": call.now,
    }
    add_subscription(call.connection, told)
    call.audit("fhir.subscribe", subject=("subscription", str(id_)), type=asked.resource.type)
    (row,) = subscriptions_of(call.connection, call.who.id, id_)
    where = {"location": f"{base_of(request)}/Subscription/{id_}"}
    built = build(row)
    return answer(built, 201, where | versioned(built, row["touched_at"]))


@router.get("/Subscription")
def list_all(request: Request, call: Annotated[Call, subscribes("s")]) -> Response:
    """List one's own."""
    rows, base = subscriptions_of(call.connection, call.who.id), base_of(request)
    bundle = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(rows),
        "link": [{"relation": "self", "url": f"{base}/Subscription"}],
    }
    entries = [
        {
            "fullUrl": f"{base}/Subscription/{row['id']}",
            "resource": build(row),
            "search": {"mode": "match"},
        }
        for row in rows
    ]
    return answer(bundle | ({"entry": entries} if entries else {}))


@router.get("/Subscription/{subscription}")
def show(subscription: str, call: Annotated[Call, subscribes("r")]) -> Response:
    """Show how one is: active, failing, or off, and why."""
    found = _id(subscription)
    rows = subscriptions_of(call.connection, call.who.id, found)
    if not rows:
        raise NotFound("There is no such subscription of yours.")
    built = build(rows[0])
    return answer(built, headers=versioned(built, rows[0]["touched_at"]))


@router.delete("/Subscription/{subscription}")
def delete(subscription: str, call: Annotated[Call, subscribes("d")]) -> Response:
    """Delete one: nobody is told any more."""
    if not delete_subscription(call.connection, _id(subscription), call.who.id):
        raise NotFound("There is no such subscription of yours.")
    call.audit("fhir.unsubscribe", subject=("subscription", subscription))
    return Response(status_code=204)


def _id(text: str) -> UUID:
    found = as_uuid(text)
    if found is None:
        raise NotFound("There is no such subscription of yours.")
    return found


def _end(text: str | None) -> object:
    found = FORM.fullmatch(text) if text else None
    return span(*found.groups()[1:])[0] if found else None
