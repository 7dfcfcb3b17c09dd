"""Other limits than a pack's: an organisation's, a programme's, a patient's; with a reason."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from alerting.model import Rule
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.idempotency import OnceOnly
from gateway.api.made import Done, Made
from gateway.api.of_patient import looked_at
from gateway.api.site_rules import SiteRules
from gateway.care.new_limits import NewLimits, as_override
from gateway.errors import NotFound
from gateway.storage import programmes

router = APIRouter(prefix="/api/v1/limits", tags=["rules"], responses=problems(400, 404))

Writes = Annotated[Call, needs(Right.RULES_WRITE)]


class LimitsRow(BaseModel):
    """Limits that were set, by whom, why, for how long."""

    id: UUID
    rule: str
    for_whom: str
    changes: dict[str, Any]
    off: bool
    final: bool
    reason: str
    author: str
    valid_from: datetime
    valid_until: datetime | None


@router.get("", summary="Limits that were set")
def list_all(
    call: Annotated[Call, needs(Right.RULES_READ)],
    patient: Annotated[UUID | None, Query(description="Theirs, too.")] = None,
) -> list[LimitsRow]:
    """List limits of the organisation and its programmes, ended ones too."""
    if patient is not None:
        if not call.who.may(Right.PATIENTS_READ):
            raise NotFound("There is no such patient in this organisation.")
        looked_at(call, patient, "limits.list")
    rows = programmes.laid_over(call.connection, call.who.organisation, patient)
    return [LimitsRow.model_validate(row) for row in rows]


@router.post("", status_code=201, summary="Set limits")
def add(new: NewLimits, call: Writes, rules: SiteRules, once: OnceOnly) -> Made:
    """Set limits from now on. Of one level the newest hold; of a locked rule nobody's."""

    def made() -> Made:
        if new.patient is not None:
            looked_at(call, new.patient, "limits.set")
        rule = _rule(rules, new.rule)
        override = as_override(new, rule, call.who.name, call.now)
        place, whom = call.who.organisation, new.patient
        if new.programme is not None:
            whom = programmes.find_programme(call.connection, place, new.programme)
        id_ = programmes.lay_over(call.connection, place, whom, override)
        if new.patient is None:
            call.audit("limits.set", subject=("limit", str(id_)), rule=rule.key)
        return Made(id=id_)

    return once(call, new, Made, made)


@router.post("/{limits}/end", summary="End limits")
def end(limits: UUID, call: Writes, once: OnceOnly) -> Done:
    """End limits now: the pack's, or those of the level above, hold again."""

    def done() -> Done:
        whom = programmes.patient_of_limits(call.connection, limits)
        if whom is not None:
            looked_at(call, whom, "patient.limits")
        programmes.lift(call.connection, call.who.organisation, limits, call.now)
        call.audit("limits.end", subject=("limit", str(limits)))
        return Done()

    return once(call, None, Done, done)


def _rule(rules: SiteRules, key: str) -> Rule:
    if key not in rules:
        raise NotFound("There is no such rule at this site.")
    return rules[key]
