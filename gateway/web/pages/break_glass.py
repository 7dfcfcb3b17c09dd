"""Break-glass: open a restricted record with a reason, and look at who did."""

from typing import Annotated, Literal
from uuid import UUID

import structlog
from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from alerting.words import template
from gateway.access.desk import desk
from gateway.access.restricted import may_see
from gateway.access.rights import Right
from gateway.access.step_up import must_be_fresh
from gateway.api.call import Call, needs
from gateway.errors import Conflict
from gateway.storage.glass import LASTS, glasses, open_glass, review_glass
from gateway.web.navigation import Entry
from gateway.web.templates import page

router = APIRouter(include_in_schema=False)

REVIEWERS = (Right.PEOPLE_WRITE, Right.AUDIT_READ)
NAVIGATION = Entry(90, template("Break-glass"), "/break-glass", frozenset(REVIEWERS))
SHORTEST = 10
Opens = Annotated[Call, needs(Right.BREAK_GLASS)]
Reviews = Annotated[Call, needs(*REVIEWERS)]

log = structlog.get_logger()


@router.get("/break-glass")
def opened(request: Request, call: Reviews) -> HTMLResponse:
    """Show what was opened; first what nobody has looked at."""
    call.audit("break-glass.list")
    return page(request, "break_glass_list.html", call.who, glasses=glasses(call.connection))


@router.post("/break-glass/{glass}/review")
def review(
    call: Reviews,
    glass: UUID,
    verdict: Annotated[Literal["in order", "to be followed up"], Form()],
    note: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Note what somebody else thinks of it."""
    patient = review_glass(call.connection, glass, call.who.id, verdict, note.strip(), call.now)
    if patient is None:
        raise Conflict(template("Somebody looked at this already, or it is your own."))
    subject = ("break-glass", str(glass))
    call.audit("break-glass.review", patient=patient, subject=subject, verdict=verdict)
    return RedirectResponse("/break-glass", 303)


@router.get("/patients/{patient}/break-glass")
def ask(request: Request, call: Opens, patient: UUID) -> Response:
    """Ask for the reason; who may see the patient already is led there."""
    must_be_fresh(desk(request), request, always=True)
    if may_see(call, patient):
        return RedirectResponse(f"/patients/{patient}", 303)
    return _ask(request, call, patient)


@router.post("/patients/{patient}/break-glass")
def break_glass(
    request: Request, call: Opens, patient: UUID, reason: Annotated[str, Form(max_length=1000)]
) -> Response:
    """Open the record for an hour. It is recorded, and somebody looks at it."""
    at = desk(request)
    must_be_fresh(at, request, always=True)
    if len(reason.strip()) < SHORTEST:
        return _ask(request, call, patient, wrong=True)
    if not may_see(call, patient):
        with at.pools.of_access(call.who.organisation) as connection:
            glass = open_glass(
                connection, call.who.organisation, patient, call.who.id, reason.strip(), call.now
            )
            subject = ("break-glass", str(glass))
            at.note(connection, call.who, "patient.break-glass", subject=subject, patient=patient)
    return RedirectResponse(f"/patients/{patient}", 303)


def _ask(request: Request, call: Call, patient: UUID, *, wrong: bool = False) -> HTMLResponse:
    return page(
        request,
        "break_glass.html",
        call.who,
        status=400 if wrong else 200,
        patient=patient,
        wrong=wrong,
        minutes=int(LASTS.total_seconds()) // 60,
    )
