"""The account of all hubs of an organisation: what arrived, and what nobody accounts for."""

from typing import Annotated

from fastapi import APIRouter

from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.storage.custody import Totals, totals

router = APIRouter(prefix="/api/v1/custody", tags=["custody"], responses=problems())


@router.get("", summary="The account of all hubs")
def show(call: Annotated[Call, needs(Right.CUSTODY_READ)]) -> Totals:
    """Count over all hubs and their whole life. `missing_count` above 0 wants an answer."""
    call.audit("custody.view")
    return totals(call.connection)
