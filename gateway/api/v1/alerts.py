"""Alerts: episodes in which a rule held, with their reasons and their history."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from gateway.access.restricted import must_see
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.paging import BY_TIME, Cursor, Limit, Page, page_of, read_cursor
from gateway.storage.alert_list import (
    AlertDetail,
    AlertRow,
    WantedAlerts,
    list_alerts,
    show_alert,
)

router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"], responses=problems())

Reads = Annotated[Call, needs(Right.ALERTS_READ)]


@router.get("", summary="Alerts, the newest first", responses=problems(400))
def list_all(
    call: Reads,
    patient: Annotated[UUID | None, Query(description="Of one patient.")] = None,
    only_open: Annotated[bool, Query(alias="open", description="Only what goes on.")] = False,
    since: Annotated[AwareDatetime | None, Query(description="Not over before then.")] = None,
    before: Annotated[AwareDatetime | None, Query(description="Begun before then.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AlertRow]:
    """List alerts; `held_by` says why one has no task."""
    wanted = WantedAlerts(patient, only_open, since, before, call.who.id)
    after = read_cursor(cursor, BY_TIME)
    rows = list_alerts(call.connection, wanted, call.now, after=after, limit=limit + 1)
    kept, following = page_of(rows, limit, lambda row: [row.opened_at.isoformat(), str(row.id)])
    call.audit("alert.list", patients=[row.patient_id for row in kept])
    return Page(items=list(kept), next=following)


@router.get("/{alert}", summary="An alert", responses=problems(404))
def show(alert: UUID, call: Reads) -> AlertDetail:
    """Show why it is one, by which rule and limits, and what happened to it."""
    found = show_alert(call.connection, alert, call.now, call.who.id)
    must_see(call, found.patient_id)
    call.audit("alert.view", patient=found.patient_id, subject=("alert", str(alert)))
    return found
