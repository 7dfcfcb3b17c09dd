"""`rules limit`, `limits`, `unlimit`: limits for an organisation, a programme, a patient."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import ValidationError

from alerting.errors import OverrideError
from alerting.model import Level, Override, Rule
from gateway.audit.operators import by_operator
from gateway.cli import given
from gateway.cli.groups import group
from gateway.cli.options import By, Organisation
from gateway.cli.output import JsonOption, print_json, print_table
from gateway.errors import NotFound, WrongInput
from gateway.settings import load_settings
from gateway.storage import programmes

Patient = Annotated[UUID | None, typer.Option(help="For one patient.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    rules = group(app, "rules")
    for command in (limit, limits, unlimit):
        rules.command(command.__name__)(command)


def limit(
    rule: str,
    organisation: Organisation,
    reason: Annotated[str, typer.Option(help="Why, in words for others.")],
    to: Annotated[
        list[str] | None, typer.Option(help="'P1 <= 88 %', in any unit; repeat for other bands.")
    ] = None,
    patient: Patient = None,
    programme: Annotated[str | None, typer.Option(help="For a programme, by its key.")] = None,
    off: Annotated[bool, typer.Option("--off", help="Take the rule away.")] = False,
    final: Annotated[bool, typer.Option("--final", help="Nobody below may change it.")] = False,
    until: Annotated[datetime | None, typer.Option(help="UTC; default: for good.")] = None,
    by: By = "",
) -> None:
    """Set limits. Example: rules limit spo2_low --patient ID --to 'P1 <= 85 %' --reason COPD ..."""
    if patient and programme:
        raise WrongInput("Limits are for a patient or for a programme, not for both.")
    if bool(to) == off:
        raise WrongInput("Say limits by --to, or take the rule away by --off.")
    from alerting.overrides import laid_over

    chosen, now = _rule(rule), datetime.now(UTC)
    ends = until.replace(tzinfo=until.tzinfo or UTC) if until else None
    if ends is not None and ends <= now:
        raise WrongInput("--until is over already.")
    try:
        override = Override(
            level=_level(patient, programme),
            rule_key=chosen.key,
            changes=_changes(chosen, to or []),
            off=off,
            final=final,
            reason=reason,
            author=(actor := given.who(by)),
            valid_from=now,
            valid_until=ends,
        )
        laid_over(chosen, override)
    except OverrideError as error:
        raise WrongInput(f"{error}.") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise WrongInput(f"{first['loc'][0]}: {first['msg']}.") from None
    with load_settings().database().transaction() as connection:
        whom = patient
        if programme:
            whom = programmes.find_programme(connection, organisation, programme)
        id_ = programmes.lay_over(connection, organisation, whom, override)
        by_operator(connection, actor, "limits.set", "limit", id_, rule=chosen.key)
    print(id_)


def limits(
    organisation: Organisation, patient: Patient = None, as_json: JsonOption = False
) -> None:
    """List the limits that were set, and for a patient theirs too, with who set them and why."""
    with load_settings().database().transaction() as connection:
        rows = programmes.laid_over(connection, organisation, patient)
    print_json(rows) if as_json else print_table(
        "Limits", rows, "No limits but those of the packs."
    )


def unlimit(id_: Annotated[UUID, typer.Argument(metavar="ID")], organisation: Organisation) -> None:
    """End limits now; the pack's, or those of the level above, hold again."""
    with load_settings().database().transaction() as connection:
        programmes.lift(connection, organisation, id_, datetime.now(UTC))
        by_operator(connection, given.somebody(), "limits.end", "limit", id_)
    print("ended")


def _rule(key: str) -> Rule:
    from gateway.rules.packs import site_rules

    found = site_rules(load_settings()).get(key)
    if found is None:
        raise NotFound(f"There is no rule {key}; `rules list` shows them.")
    return found


def _level(patient: UUID | None, programme: str | None) -> Level:
    if patient:
        return Level.PATIENT
    return Level.PROGRAMME if programme else Level.ORGANISATION


def _changes(rule: Rule, to: list[str]) -> dict[str, Any]:
    if not to:
        return {}
    from alerting.bands import Banded
    from alerting.limits import changes

    if not isinstance(rule, Banded):
        raise WrongInput(f"{rule.key} has no bands; it can only be taken away, by --off.")
    return changes(rule, to)
