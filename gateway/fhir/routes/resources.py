"""Read and search of every resource: GET /fhir/{Type}/{id}, GET /fhir/{Type}, POST .../_search."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from gateway.access.restricted import Restricted
from gateway.api.call import Call
from gateway.errors import NotFound
from gateway.fhir.bundle import search
from gateway.fhir.doors import asks
from gateway.fhir.errors import NotSupported
from gateway.fhir.find import View, one
from gateway.fhir.registry import RESOURCES
from gateway.fhir.resource import Resource
from gateway.fhir.write import answer, must_want_json, versioned

router = APIRouter(prefix="/fhir", include_in_schema=False, dependencies=[Depends(must_want_json)])
FORM = "application/x-www-form-urlencoded"


async def _form(request: Request) -> list[tuple[str, str]]:
    """Read the parameters of a body, and those that stand in the address besides."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise NotSupported("The parameters of a _search are sent as a form.")
    form = await request.form()
    told = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    return told + request.query_params.multi_items()


def _read(resource: Resource) -> Callable[..., Any]:
    def read(request: Request, call: Annotated[Call, asks(resource, "r")]) -> Response:
        id_ = request.path_params[resource.named]
        row = one(call.connection, resource, id_, View(call.who.id, call.now))
        if row is None:
            raise NotFound(f"There is no such {resource.type} in this organisation.")
        if row["hidden"]:
            raise Restricted
        built = resource.build(row)
        call.audit("fhir.read", patient=row["patient"], subject=(resource.type, id_))
        headers = versioned(built, row["updated"])
        if request.headers.get("if-none-match", "") == headers["etag"]:
            return Response(status_code=304, headers={"etag": headers["etag"]})
        return answer(built, headers=headers)

    return read


def _search(resource: Resource) -> Callable[..., Any]:
    def by_address(request: Request, call: Annotated[Call, asks(resource, "s")]) -> Response:
        return search(request, call, resource, request.query_params.multi_items())

    return by_address


def _post(resource: Resource) -> Callable[..., Any]:
    def by_form(
        request: Request,
        call: Annotated[Call, asks(resource, "s")],
        pairs: Annotated[list[tuple[str, str]], Depends(_form)],
    ) -> Response:
        return search(request, call, resource, pairs)

    return by_form


for each in RESOURCES.values():
    router.add_api_route(f"/{each.type}", _search(each), methods=["GET"])
    router.add_api_route(f"/{each.type}/_search", _post(each), methods=["POST"])
    router.add_api_route(f"/{each.type}/{{{each.named}}}", _read(each), methods=["GET"])
