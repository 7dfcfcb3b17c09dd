"""Rules: all of the site, and those in force for a patient, with who set which limits."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.of_patient import PatientId, looked_at
from gateway.api.site_rules import SitePacks, SiteRules
from gateway.care.rules_of import RuleInForce, rules_of, told
from gateway.errors import NotFound
from gateway.storage.programmes import Approval, approval

router = APIRouter(prefix="/api/v1", tags=["rules"], responses=problems())

Reads = Annotated[Call, needs(Right.RULES_READ)]


class PackRow(BaseModel):
    """A pack of rules. One of a programme is used when a clinician has signed it off here."""

    pack: str
    version: int
    title: str
    for_everybody: bool
    rules: list[str]
    approval: Approval | None


@router.get("/packs", summary="Packs of rules")
def list_packs(call: Reads, packs: SitePacks) -> list[PackRow]:
    """List packs and who of this organisation signed this very content off."""
    return [
        PackRow(
            pack=each.pack,
            version=each.version,
            title=each.title,
            for_everybody=not each.programme,
            rules=[rule.key for rule in each.rules],
            approval=approval(call.connection, call.who.organisation, each),
        )
        for each in packs.values()
    ]


@router.get("/rules", summary="Rules of the site")
def list_all(call: Reads, rules: SiteRules) -> list[RuleInForce]:
    """List rules as their packs have them, before anybody's limits."""
    del call
    return [told(rule) for rule in rules.values()]


@router.get("/rules/{rule}", summary="A rule", responses=problems(404))
def show(rule: str, call: Reads, rules: SiteRules) -> RuleInForce:
    """Show a rule as its pack has it."""
    del call
    if rule not in rules:
        raise NotFound("There is no such rule at this site.")
    return told(rules[rule])


@router.get("/patients/{patient}/rules", summary="Rules of a patient", responses=problems(404))
def list_in_force(
    patient: PatientId,
    call: Annotated[Call, needs(Right.PATIENTS_READ)],
    rules: SiteRules,
) -> list[RuleInForce]:
    """List the rules that judge a patient now, with all limits and who set them why."""
    looked_at(call, patient, "rule.list")
    return list(rules_of(call.connection, rules, patient, call.now))
