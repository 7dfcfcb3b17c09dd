"""Who saw whom and when: by patient, person, action and days; and as a file."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query
from pydantic import BaseModel, Field, field_validator
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from alerting.words import template
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.v1.audit import export_of
from gateway.errors import NotFound
from gateway.storage.audit import Asked, list_audit, patient_names, patients_named, seen_by
from gateway.storage.colleagues import colleagues
from gateway.web.navigation import Entry
from gateway.web.templates import page

NAVIGATION = Entry(85, template("Audit"), "/audit", frozenset({Right.AUDIT_READ}), key="u")
AT_ONCE = 50
MOST_PEOPLE = 1000
# What the filter offers; any action can be typed.
GROUPS = (
    "patient",
    "task",
    "worklist",
    "alert",
    "limits",
    "device",
    "hub",
    "held",
    "break-glass",
    "sign-in",
    "audit",
)

router = APIRouter(include_in_schema=False)
Reads = Annotated[Call, needs(Right.AUDIT_READ)]


class Filters(BaseModel, extra="ignore"):
    """What is shown. Days are those of the reader's zone."""

    patient: UUID | None = None
    person: UUID | None = None
    action: Annotated[str, Field(pattern=r"^[a-z0-9_.-]{0,100}$")] = ""
    since: date | None = None
    until: date | None = None
    before: Annotated[int | None, Field(ge=1, lt=2**63)] = None

    @field_validator("patient", "person", "since", "until", "before", mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        return value or None

    def asked(self, zone: str) -> Asked:
        """Return it as a question to the audit."""
        return Asked(
            patient=self.patient,
            person=self.person,
            action=self.action or None,
            since=_midnight(self.since, zone, 0),
            until=_midnight(self.until, zone, 1),
            before=self.before,
        )

    def kept(self) -> dict[str, str]:
        """Return it for an address, without the place in the list."""
        given = self.model_dump(mode="json", exclude={"before"})
        return {name: value for name, value in given.items() if value}


@router.get("/audit")
def show(call: Reads, request: Request, filters: Annotated[Filters, Query()]) -> HTMLResponse:
    """Show entries, the newest first; of a patient, who saw them too."""
    connection, organisation = call.connection, call.who.organisation
    asked = filters.asked(call.who.zone)
    rows = list_audit(connection, organisation, asked, AT_ONCE + 1)
    patients = {patient for row in rows[:AT_ONCE] for patient in row.patients}
    names = patient_names(connection, organisation, [*patients, *_one(filters.patient)])
    if filters.patient and filters.patient not in names:
        raise NotFound
    seen = (
        seen_by(connection, organisation, filters.patient, asked.since, asked.until)
        if filters.patient
        else ()
    )
    call.audit("audit.view", patient=filters.patient)
    return _page(call, request, filters, rows=rows, names=names, seen=seen)


@router.post("/audit")
def seek(
    call: Reads, request: Request, named: Annotated[str, Form(min_length=1, max_length=100)]
) -> HTMLResponse:
    """Look for a patient by name, which has no place in an address."""
    found = patients_named(call.connection, call.who.organisation, named)
    rows = list_audit(call.connection, call.who.organisation, Asked(), AT_ONCE + 1)
    patients = {patient for row in rows[:AT_ONCE] for patient in row.patients}
    names = patient_names(call.connection, call.who.organisation, list(patients))
    call.audit("audit.view", patients=list(found))
    return _page(call, request, Filters(), rows=rows, names=names, named=named, found=found)


@router.get("/audit/export")
def export(call: Reads, filters: Annotated[Filters, Query()]) -> Response:
    """Give the same entries as a file."""
    return export_of(call, replace(filters.asked(call.who.zone), before=None))


def _page(
    call: Call, request: Request, filters: Filters, *, rows: Any, **more: Any
) -> HTMLResponse:
    given: dict[str, Any] = {"named": "", "found": None, "seen": (), **more}
    return page(
        request,
        "audit.html",
        call.who,
        filters=filters,
        kept=filters.kept(),
        rows=rows[:AT_ONCE],
        before=rows[AT_ONCE - 1].seq if len(rows) > AT_ONCE else None,
        people=colleagues(call.connection, limit=MOST_PEOPLE),
        groups=GROUPS,
        **given,
    )


def _one(patient: UUID | None) -> list[UUID]:
    return [patient] if patient else []


def _midnight(day: date | None, zone: str, later: int) -> datetime | None:
    """Return when a day, or the day after it, began. The last day of all has no day after it."""
    if day is None or not date(1900, 1, 1) <= day < date(9000, 1, 1):
        return None
    begins = datetime.combine(day + timedelta(days=later), time(), ZoneInfo(zone))
    return begins.astimezone(UTC)
