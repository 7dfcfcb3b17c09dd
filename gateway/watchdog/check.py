"""Says whether the way was proved lately, for monitors outside the gateway; tells operators."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from alerting.model import Severity
from alerting.ports import Delivered, Message, Purpose
from gateway.errors import GatewayError
from gateway.notifiers_file import NOTIFIERS, read_notifiers
from gateway.settings import Settings
from gateway.storage import watchdog
from gateway.watchdog.run import why

NOBODY: Final = UUID(int=0)
NONE: Final = "No watchdog is set up: `hearthline-gateway watchdog setup` makes one."


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line for a person; `well` is false where somebody has to come."""

    well: bool
    line: str


def check(settings: Settings, max_age: timedelta, now: datetime) -> Verdict:
    """Look at the last proofs. A database that does not answer is as bad as none."""
    try:
        with settings.database().transaction() as connection:
            rows = watchdog.states(connection)
    except (GatewayError, OSError) as error:
        return Verdict(False, f"The watchdog cannot be asked: {error}")
    if not rows:
        return Verdict(False, NONE)
    late = [row for row in rows if now - (row["proved_at"] or row["made_at"]) > max_age]
    if late:
        return Verdict(False, "; ".join(_late(row, now) for row in late))
    proofs = [row["proved_at"] for row in rows]
    if None in proofs:
        return Verdict(True, "A watchdog was set up just now, and has proved nothing yet.")
    return Verdict(True, f"Proved; the oldest proof of {len(rows)} is {_ago(min(proofs), now)}")


def tell(settings: Settings, ways: Sequence[tuple[str, str]], language: str) -> list[str]:
    """Send by the site's channels, without the gateway; return what could not be sent."""
    notifiers, failed = read_notifiers(settings.home / NOTIFIERS), []
    for channel, address in ways:
        notifier = notifiers.get(channel)
        if notifier is None:
            failed.append(f"{channel} is not set up in notifiers.toml")
            continue
        outcome = notifier.send(_message(channel, address, language))
        if not isinstance(outcome, Delivered):
            failed.append(f"{channel}: {getattr(outcome, 'error', getattr(outcome, 'reason', ''))}")
    return failed


def _message(channel: str, address: str, language: str) -> Message:
    return Message(
        id=uuid4(),
        organisation=NOBODY,
        task=None,
        tasks=0,
        priority=Severity.P1,
        purpose=Purpose.WATCHDOG,
        channel=channel,
        address=address,
        language=language,
    )


def _late(row: Any, now: datetime) -> str:
    proved = row["proved_at"]
    last = f"the last proof is {_ago(proved, now)}" if proved else "there is no proof yet"
    run = f"the last run: {row['error'] or why(row)}"
    if row["state"] in (None, "proved"):
        run = "no run was begun since: does the worker run?"
    return f"Organisation {row['organisation_id']}: {last}; {run}"


def _ago(at: datetime, now: datetime) -> str:
    return f"{(now - at) // timedelta(minutes=1)} min old, {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
