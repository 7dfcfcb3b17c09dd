"""A month of a patient by US billing codes: facts and what is missing, never money."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.of_patient import PatientId, looked_at
from gateway.storage.billing import Billing, billing

router = APIRouter(prefix="/api/v1/patients/{patient}/billing", tags=["time"])


@router.get("", summary="Minutes and days of a month", responses=problems(400, 404))
def show(
    patient: PatientId,
    call: Annotated[Call, needs(Right.TIME_READ)],
    month: Annotated[str, Query(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", examples=["2026-11"])],
) -> Billing:
    """Count minutes, live contacts and days with readings, by the patient's own calendar."""
    looked_at(call, patient, "billing.view")
    return billing(call.connection, patient, date.fromisoformat(f"{month}-01"))
