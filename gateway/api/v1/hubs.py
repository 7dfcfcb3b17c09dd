"""Hubs: listed, shown with how far their installation has come, and their custody."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel

from gateway.access.restricted import must_see
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.paging import BY_ID, Cursor, Limit, Page, page_of, read_cursor
from gateway.care.installing import checklist
from gateway.storage.custody import Custody, custody
from gateway.storage.hub_list import HubSeen, list_hubs
from gateway.storage.installs import Install, InstalledDevice, devices_of_hub, find_install

router = APIRouter(prefix="/api/v1/hubs", tags=["hubs"], responses=problems())

Reads = Annotated[Call, needs(Right.DEVICES_READ)]


class InstallStep(BaseModel):
    """One step of an installation. `now` is what comes next."""

    key: str
    state: Literal["done", "now", "later", "wrong"]
    title: str
    detail: str | None
    at: datetime | None


class HubWhole(Install):
    """A hub with its devices and the steps of its installation."""

    paired: tuple[InstalledDevice, ...]
    steps: tuple[InstallStep, ...]


@router.get("", summary="Hubs", responses=problems(400))
def list_all(call: Reads, limit: Limit = 50, cursor: Cursor = None) -> Page[HubSeen]:
    """List hubs by name, with what each said last of itself."""
    after = read_cursor(cursor, BY_ID)
    last = UUID(after[0]) if after else None
    rows = list_hubs(call.connection, after=last, limit=limit + 1)
    kept, following = page_of(rows, limit, lambda row: [str(row.id)])
    call.audit("hub.list")
    return Page(items=list(kept), next=following)


@router.get("/{hub}", summary="A hub", responses=problems(404))
def show(hub: UUID, call: Reads) -> HubWhole:
    """Show a hub, in whose home it stands, its devices, and what is still to be done."""
    found = find_hub(call, hub)
    call.audit("hub.view", patient=found.patient_id, subject=("hub", str(hub)))
    return whole(call, found)


@router.get("/{hub}/custody", summary="What became of what a hub took", responses=problems(404))
def show_custody(
    hub: UUID,
    call: Annotated[Call, needs(Right.CUSTODY_READ)],
    since: Annotated[AwareDatetime | None, Query(description="Received since then.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Received before then.")] = None,
) -> Custody:
    """Count what was stored, told twice, held, missing and dropped. Missing is of all time."""
    find_install(call.connection, hub)
    call.audit("custody.view", subject=("hub", str(hub)))
    return custody(call.connection, hub, since, until)


def find_hub(call: Call, hub: UUID) -> Install:
    """Return a hub. Raises NotFound, and Restricted where its home is closed to who asks."""
    found = find_install(call.connection, hub)
    if found.patient_id is not None:
        must_see(call, found.patient_id)
    return found


def whole(call: Call, found: Install) -> HubWhole:
    """Return a hub with its devices and steps."""
    devices = devices_of_hub(call.connection, found.id, call.who.id, call.now)
    steps = tuple(
        InstallStep(
            key=step.key,
            state=step.state,
            title=step.title,
            detail=str(step.detail) if step.detail else None,
            at=step.at,
        )
        for step in checklist(found, devices, call.now)
    )
    return HubWhole(**dict(found), paired=devices, steps=steps)
