"""`audit`: who did and saw what; and whether it is as it was written."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from gateway.cli.groups import group
from gateway.cli.options import Organisation
from gateway.cli.output import JsonOption, print_json, print_table
from gateway.settings import load_settings
from gateway.storage import homes
from gateway.storage.audit import Asked, AuditRow, list_audit

if TYPE_CHECKING:
    from gateway.audit.verify import Told, Verdict

When = Annotated[datetime | None, typer.Option(help="UTC, as 2026-11-01.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    commands = group(app, "audit", "Who did and saw what; chained, sealed, verified.")
    commands.command("verify")(verify)
    commands.command("list")(list_)


def verify(as_json: JsonOption = False) -> None:
    """Verify each organisation's chain and the checkpoints; exit 1 where something is wrong.

    Reads the database, HEARTHLINE_HOME/audit and HEARTHLINE_AUDIT_CHECKPOINTS.
    """
    from gateway.audit.verify import verify as verified

    settings = load_settings()
    verdict = verified(settings, settings.database())
    if as_json:
        print_json(_data(verdict))
    else:
        print("\n".join([*map(_line, verdict.organisations), *_checkpoints(verdict)]))
    if not verdict.whole:
        raise typer.Exit(1)


def list_(
    organisation: Organisation,
    patient: Annotated[UUID | None, typer.Option(help="Who saw this patient.")] = None,
    person: Annotated[UUID | None, typer.Option(help="What this person did, by id.")] = None,
    actor: Annotated[str | None, typer.Option(help="The same by name, as cli:maria.")] = None,
    action: Annotated[str | None, typer.Option(help="As task.accept, or all of task.")] = None,
    since: When = None,
    until: When = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 200,
    as_json: JsonOption = False,
) -> None:
    """List entries, the newest first. Example: audit list --organisation ID --action task."""
    asked = Asked(patient, person, actor, action, _utc(since), _utc(until))
    with load_settings().database().transaction() as connection:
        homes.must_exist(connection, "organisation", organisation)
        rows = list_audit(connection, organisation, asked, limit)
    if as_json:
        print_json([row.model_dump(mode="json") for row in rows])
    else:
        print_table("Audit", [_row(row) for row in rows], "No such entry.")


def _row(row: AuditRow) -> dict[str, Any]:
    subject = f"{row.subject_kind} {row.subject_id}" if row.subject_kind else None
    return {
        "no": row.seq,
        "at": row.at,
        "who": row.actor,
        "did": row.action,
        "patients": ", ".join(map(str, row.patients)) or None,
        "on": subject,
    }


def _line(one: "Told") -> str:
    chain = one.chain
    if not chain.findings:
        return f"{one.name}: whole, {chain.entries} entries, {chain.sealed} of them sealed"
    what = "; ".join(finding.sentence() for finding in chain.findings)
    return f"{one.name}: NOT WHOLE: {what}"


def _checkpoints(verdict: "Verdict") -> list[str]:
    if verdict.problems:
        return [f"NOT WHOLE: {problem}" for problem in verdict.problems]
    return [f"checkpoints: whole, {verdict.checkpoints}"]


def _data(verdict: "Verdict") -> dict[str, Any]:
    return {
        "whole": verdict.whole,
        "checkpoints": verdict.checkpoints,
        "problems": verdict.problems,
        "organisations": [
            {
                "id": one.id,
                "name": one.name,
                "entries": one.chain.entries,
                "sealed": one.chain.sealed,
                "findings": [
                    {
                        "what": finding.what,
                        "first": finding.first,
                        "last": finding.last,
                        "sentence": finding.sentence(),
                    }
                    for finding in one.chain.findings
                ],
            }
            for one in verdict.organisations
        ],
    }


def _utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=at.tzinfo or UTC) if at else None
