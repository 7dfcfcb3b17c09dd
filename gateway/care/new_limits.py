"""Limits as people set them: checked against the rule, then as alerting reads them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from alerting.bands import Banded
from alerting.errors import OverrideError
from alerting.limits import changes
from alerting.model import Level, Override, Rule
from alerting.overrides import laid_over
from gateway.errors import WrongInput


class NewLimits(BaseModel):
    """Limits as people write them, or a rule taken away. Of one patient, one programme, or all."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "rule": "spo2_low",
                    "patient": "0d5a3a1e-4a8c-4c53-8a44-7f6f7b2f9f10",
                    "to": ["P1 <= 85 %", "P2 <= 88 %"],
                    "reason": "COPD, target 88 to 92 %",
                }
            ]
        },
    )

    rule: Annotated[str, Field(max_length=64)]
    patient: UUID | None = None
    programme: Annotated[str | None, Field(max_length=64)] = None
    to: Annotated[tuple[Annotated[str, Field(max_length=60)], ...], Field(max_length=8)] = ()
    off: bool = False
    final: bool = False
    """Nobody on a level below may change it."""
    reason: Annotated[str, Field(min_length=3, max_length=500)]
    until: AwareDatetime | None = None


def as_override(new: NewLimits, rule: Rule, author: str, now: datetime) -> Override:
    """Return limits that fit their rule. Raises WrongInput."""
    if new.patient is not None and new.programme is not None:
        raise WrongInput("Limits are for a patient or for a programme, not for both.")
    if bool(new.to) == new.off:
        raise WrongInput("Say limits by `to`, or take the rule away by `off`.")
    if new.until is not None and new.until <= now:
        raise WrongInput("`until` is over already.")
    level = Level.PATIENT if new.patient else Level.PROGRAMME
    try:
        override = Override(
            level=level if new.patient or new.programme else Level.ORGANISATION,
            rule_key=rule.key,
            changes=_changes(rule, new.to),
            off=new.off,
            final=new.final,
            reason=new.reason,
            author=author,
            valid_from=now,
            valid_until=new.until,
        )
        laid_over(rule, override)
    except OverrideError as error:
        raise WrongInput(_why(error, new, rule)) from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise WrongInput(f"{first['loc'][0]}: {first['msg']}.") from None
    return override


def _changes(rule: Rule, to: tuple[str, ...]) -> dict[str, Any]:
    if not to:
        return {}
    if not isinstance(rule, Banded):
        raise WrongInput(f"{rule.key} has no bands; it can only be taken away, by `off`.")
    return changes(rule, to)


def _why(error: OverrideError, new: NewLimits, rule: Rule) -> str:
    """Say what is wrong, without what was typed."""
    typed = {word for text in new.to for word in (text, *text.split()) if len(word) > 2}
    if any(word in str(error) for word in typed):
        units = ", ".join(getattr(rule, "units", ()))
        return f"A limit is written like 'P1 <= 88 %'; of {rule.key} in {units}."
    return f"{error}."
