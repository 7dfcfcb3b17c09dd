"""`connectors list`, `test`, `replay`: the worklists elsewhere."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

import typer

from alerting.model import Severity
from gateway.audit.operators import by_operator
from gateway.care.moves import Status
from gateway.cli import given
from gateway.cli.groups import group
from gateway.cli.output import JsonOption, print_json, print_table
from gateway.connectors.ports import Evidence, Patient, Put, Request, Value, Work
from gateway.errors import WrongInput
from gateway.outbox.file import FILE, Entry, find, read_connectors
from gateway.settings import Settings, load_settings
from gateway.storage import connectors as store
from gateway.storage.database import Connection
from gateway.storage.outbox import check
from gateway.storage.outgoing import cut, work

Name = Annotated[str, typer.Argument(help=f"As it is named in {FILE}.")]
By = Annotated[str, typer.Option("--by", help="Who gives this command; without: who is signed in.")]
EXAMPLE: Final = UUID("00000000-0000-4000-8000-000000000001")


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    far = group(app, "connectors", "Worklists elsewhere: CRMs, EHRs, webhooks.")
    for name, command in (("list", list_), ("test", try_), ("replay", replay)):
        far.command(name)(command)


def list_(as_json: JsonOption = False) -> None:
    """List what waits, fails and is dead, since when; exit 1 if any fails. Example: connectors list."""  # noqa: E501 - one sentence with its example
    settings, now = load_settings(), datetime.now(UTC)
    with settings.database().transaction() as connection:
        rows = store.connectors(connection, now)
        wrong = _wrong(settings, connection)
    if wrong:
        print(f"hearthline-gateway: A worker serves no far side: {wrong}", file=sys.stderr)
    if as_json:
        print_json([row.model_dump() | {"standing": row.state} for row in rows])
    else:
        print_table("Connectors", [_line(row) for row in rows], f"No connector; see {FILE}.")
    if wrong or any(row.state in ("failing", "dead") for row in rows):
        raise typer.Exit(1)


def try_(
    name: Name,
    task: Annotated[UUID | None, typer.Option(help="Show this task, not a made-up one.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Send nothing at all.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what would be sent for a task, secrets masked; then sign in, writing nothing. Example: connectors test crm --dry-run."""  # noqa: E501 - one sentence with its example
    settings = load_settings()
    entry = find(read_connectors(settings.home / FILE), name)
    requests = entry.connector.requests(_work(settings, entry, task))
    outcome = None if dry_run else entry.connector.check()
    well = outcome is None or isinstance(outcome, Put)
    said = None if outcome is None else ("well" if well else _why(outcome))
    if as_json:
        print_json({"requests": [asdict(each) for each in requests], "check": said})
    else:
        _print(requests)
        print("Nothing was sent." if said is None else f"Signing in: {said}. Nothing was written.")
    if not well:
        raise typer.Exit(1)


def replay(
    name: Name,
    task: Annotated[UUID | None, typer.Option(help="Of this task only.")] = None,
    by: By = "",
    as_json: JsonOption = False,
) -> None:
    """Tell again what the far side refused, and what waits at once. Example: connectors replay crm."""  # noqa: E501 - one sentence with its example
    now = datetime.now(UTC)
    with load_settings().database().transaction() as connection:
        found = store.find_connector(connection, now, name)
        count = store.replay(connection, found.id, task)
        by_operator(
            connection,
            given.who(by),
            "connector.replay",
            "connector",
            found.id,
            count=count,
        )
    print_json({"replayed": count}) if as_json else print(f"{count} wait again.")


def _wrong(settings: Settings, connection: Connection) -> str | None:
    """Return what keeps a worker that reads the file now from serving it."""
    try:
        check(connection, [entry.row() for entry in read_connectors(settings.home / FILE)])
    except WrongInput as error:
        return str(error)
    return None


def _line(row: store.ConnectorRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "kind": row.kind,
        "state": row.state,
        "waiting": row.waiting,
        "oldest": row.oldest,
        "dead": row.dead,
        "refused here": row.refused,
        "failing since": row.down_since,
        "why": row.error,
        "took one": row.took_at,
    }


def _why(outcome: Any) -> str:
    return str(getattr(outcome, "error", None) or getattr(outcome, "reason", ""))


def _print(requests: Sequence[Request]) -> None:
    for each in requests:
        print(f"{each.method} {each.url}")
        for name, value in each.headers.items():
            print(f"{name}: {value}")
        print(f"\n{each.body}\n" if each.body else "")


def _work(settings: Settings, entry: Entry, task: UUID | None) -> Work:
    """Return the task asked for, or one that is made up, as the file's contents allow."""
    console = settings.console_origin
    if task is None:
        return cut(_example(entry.common.organisation, console), entry.common.contents)
    with settings.database().transaction() as connection:
        return work(connection, task, entry.common.contents, 1, console)


def _example(organisation: UUID, console: str) -> Work:
    from decimal import Decimal

    now = datetime.now(UTC).replace(microsecond=0)
    sentence = "Systolic 184 mmHg is at or above 180."
    values = (
        Value("systolic", Decimal(184), "mm[Hg]"),
        Value("diastolic", Decimal(112), "mm[Hg]"),
    )
    return Work(
        task=EXAMPLE,
        organisation=organisation,
        patient=Patient(EXAMPLE, "MRN-0001"),
        alert=EXAMPLE,
        rule="example",
        queue="clinical",
        priority=Severity.P1,
        status=Status.REQUESTED,
        title="Blood pressure very high",
        owner=None,
        created_at=now,
        due_at=now + timedelta(hours=1),
        closed_at=None,
        link=f"{console}/tasks/{EXAMPLE}",
        version=1,
        alert_severity=Severity.P1,
        alert_state="open",
        sentence=sentence,
        evidence=(Evidence(EXAMPLE, EXAMPLE, now, Severity.P1, sentence, values),),
        end=None,
    )
