"""`programme`: what people are followed for, by packs of rules that a clinician signed off."""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from gateway.audit.operators import by_operator
from gateway.cli import given
from gateway.cli.groups import group
from gateway.cli.options import By, Organisation
from gateway.cli.output import JsonOption, print_json, print_table
from gateway.errors import NotFound, WrongInput
from gateway.settings import load_settings
from gateway.storage import homes, programmes
from gateway.storage.programmes import Approval

if TYPE_CHECKING:
    from alerting.packs.loader import Pack

Reason = Annotated[str, typer.Option(help="Why, in words for others.")]
Patient = Annotated[UUID, typer.Argument(help="The patient's id.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    programme = group(app, "programme", "Programmes, their rule packs, and who is in them.")
    for name, command in (("add", add), ("list", list_), ("join", join), ("leave", leave)):
        programme.command(name)(command)
    rules = group(app, "rules")
    rules.command("approve")(approve)
    rules.command("packs")(list_packs)


def list_packs(
    organisation: Annotated[
        UUID | None, typer.Option(help="Say who signed them off there, too.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List packs: their version, for whom they are, their rules, and who signed them off."""
    from gateway.rules.packs import site_packs

    settings = load_settings()
    packs = list(site_packs(settings).values())
    rows = [_told(pack) for pack in packs]
    if organisation:
        with settings.database().transaction() as connection:
            homes.must_exist(connection, "organisation", organisation)
            signed = [programmes.approval(connection, organisation, pack) for pack in packs]
        rows = [row | _signed(by) for row, by in zip(rows, signed, strict=True)]
    print_json(rows) if as_json else print_table("Packs", rows, "No pack.")


def _told(pack: "Pack") -> dict[str, Any]:
    return {
        "pack": pack.pack,
        "version": pack.version,
        "for": "programme" if pack.programme else "everybody",
        "rules": len(pack.rules),
        "replaces": ", ".join(rule.replaces for rule in pack.rules if rule.replaces),
        "title": pack.title,
    }


def _signed(by: Approval | None) -> dict[str, Any]:
    """Say who signed this very content off. Packs for everybody hold without."""
    if by is None:
        return {"signed_off_by": "not signed off", "on": None}
    return {"signed_off_by": f"{by.clinician}, {by.role}", "on": by.approved_at}


def approve(
    pack: Annotated[str, typer.Argument(help="A pack, as `rules packs` lists them.")],
    organisation: Organisation,
    clinician: Annotated[str, typer.Option(help="Who answers for it.")],
    role: Annotated[str, typer.Option(help="As what: their profession or function.")],
    by: By = "",
) -> None:
    """Note that a clinician signs a pack off. Example: rules approve diabetes --clinician ..."""
    chosen = _pack(pack)
    who = Approval(
        clinician=given.name(clinician), role=given.name(role), approved_at=datetime.now(UTC)
    )
    with load_settings().database().transaction() as connection:
        programmes.approve(connection, organisation, chosen, who, given.who(by))
        by_operator(
            connection,
            given.who(by),
            "pack.sign-off",
            "organisation",
            organisation,
            pack=chosen.pack,
        )
    print(f"{chosen.pack} version {chosen.version} is signed off by {who.clinician}")


def add(
    key: str,
    organisation: Organisation,
    pack: Annotated[list[str], typer.Option(help="A pack of rules; repeat for more.")],
    title: str = "",
    by: By = "",
) -> None:
    """Add a programme. Example: programme add hf --pack heart_failure --organisation ID."""
    if not re.fullmatch("[a-z][a-z0-9_-]*", key):
        raise WrongInput("A programme's key is like heart-failure: small letters, digits, - and _.")
    packs = [_pack(each) for each in pack]
    now = datetime.now(UTC)
    with load_settings().database().transaction() as connection:
        programmes.add_programme(
            connection, organisation, key, title or key, packs, given.who(by), now
        )
        by_operator(
            connection, given.who(by), "programme.add", "organisation", organisation, programme=key
        )
    print(f"programme {key} is there")


def list_(organisation: Organisation, as_json: JsonOption = False) -> None:
    """List programmes with their packs and how many people are in them."""
    with load_settings().database().transaction() as connection:
        rows = programmes.list_programmes(connection, organisation, datetime.now(UTC))
    print_json(rows) if as_json else print_table("Programmes", rows, "No programme.")


def join(
    patient: Patient, key: str, organisation: Organisation, reason: Reason, by: By = ""
) -> None:
    """Take a patient in. Example: programme join PATIENT hf --organisation ID --reason referral."""
    from gateway.care.limits_left import limits_left
    from gateway.rules.packs import site_rules

    _reason(reason)
    rules = site_rules(load_settings())
    with load_settings().database().transaction() as connection:
        now = datetime.now(UTC)
        programmes.join(connection, organisation, key, patient, given.who(by), reason, now)
        by_operator(connection, given.who(by), "programme.join", "patient", patient, programme=key)
        left = limits_left(connection, rules, patient, now)
    print("in the programme from now on")
    for each in left:
        print(each)


def leave(patient: Patient, key: str, organisation: Organisation) -> None:
    """Let a patient leave; alerts of its rules end, and who has a task of theirs is told."""
    with load_settings().database().transaction() as connection:
        programmes.leave(connection, organisation, key, patient, datetime.now(UTC))
        by_operator(
            connection, given.somebody(), "programme.leave", "patient", patient, programme=key
        )
    print("not in the programme any more")


def _pack(name: str) -> "Pack":
    from gateway.rules.packs import site_packs

    packs = site_packs(load_settings())
    if name not in packs:
        raise NotFound(f"There is no pack {name}; there are {', '.join(sorted(packs))}.")
    return packs[name]


def _reason(text: str) -> None:
    if len(text.strip()) < 3:
        raise WrongInput("A reason has at least three letters.")
