"""Patients by name: who there is, what is open, when anything came last."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from alerting.words import template
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.storage.patients import Sought, list_patients
from gateway.storage.programmes import list_programmes
from gateway.web.answers import is_part
from gateway.web.navigation import Entry
from gateway.web.templates import page

NAVIGATION = Entry(20, template("Patients"), "/patients", frozenset({Right.PATIENTS_READ}), key="p")
AT_ONCE: Final = 50

router = APIRouter(include_in_schema=False)
Reader = Annotated[Call, needs(Right.PATIENTS_READ)]
Programme = Annotated[str, Query(max_length=100)]


@router.get("/patients")
def show(
    call: Reader, request: Request, programme: Programme = "", after: UUID | None = None
) -> HTMLResponse:
    """List patients by name."""
    return _list(call, request, "", programme, after)


@router.post("/patients")
def seek(
    call: Reader,
    request: Request,
    named: Annotated[str, Form(max_length=100)] = "",
    programme: Annotated[str, Form(max_length=100)] = "",
) -> HTMLResponse:
    """List those whose name has these letters in it; a name has no place in an address."""
    return _list(call, request, named.strip(), programme, None)


def _list(
    call: Call, request: Request, named: str, programme: str, after: UUID | None
) -> HTMLResponse:
    sought = Sought(named=named, programme=programme, viewer=call.who.id)
    rows = list_patients(call.connection, sought, call.now, after=after, limit=AT_ONCE + 1)
    kept = rows[:AT_ONCE]
    call.audit("patient.list", patients=[str(row.id) for row in kept])
    shown: dict[str, Any] = {"rows": kept, "more": len(rows) > AT_ONCE, "after": after}
    shown |= {"named": named, "programme": programme}
    if is_part(request):
        return page(request, "patients_rows.html", call.who, **shown)
    found = list_programmes(call.connection, call.who.organisation, call.now)
    return page(request, "patients.html", call.who, programmes=found, **shown)
