"""Tells subscribers that there is something new, beside the worker. What it is they ask themselves.

Nothing is kept for each change: a look finds whether something was written since what was told.
So an endpoint that was away for a day is told once, and has missed nothing.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import structlog

from gateway.access.rights import Right
from gateway.access.site_key import KeyMissing, SiteKey, site_key
from gateway.access.who import Who
from gateway.audit.append import append
from gateway.errors import WrongInput
from gateway.fhir.ask import Asked
from gateway.fhir.find import View, query
from gateway.fhir.hook import Hook, HookFailed
from gateway.fhir.subscribed import criteria, headers
from gateway.fhir.turns import Turns
from gateway.storage.as_app import as_app
from gateway.storage.database import Connection
from gateway.storage.fhir_exports import horizon
from gateway.storage.fhir_subscriptions import is_failing, is_off, is_well, take_subscription

EVERY: Final = timedelta(seconds=5)
LONGEST: Final = timedelta(minutes=10)
GIVE_UP: Final = timedelta(days=1)

log = structlog.get_logger()


@dataclass(frozen=True)
class Teller:
    """The work of a loop."""

    keys: Path
    hook: Hook
    turns: Turns = field(default_factory=Turns)

    @cached_property
    def key(self) -> SiteKey:
        """Return what opens the headers of subscriptions."""
        return site_key(self.keys)

    def look(self, connection: Connection, now: datetime) -> int:
        """Look after one subscription that is due; return how many."""
        row = take_subscription(connection, now, self.turns.had)
        if row is None:
            return 0
        self.turns.took(row["organisation_id"])
        try:
            self._look_after(connection, row, now)
        except Exception as error:
            if connection.broken:
                raise
            # One that cannot be looked after is not to keep the others waiting.
            self._failed(connection, row, HookFailed(type(error).__name__), now)
        return 1

    def _look_after(self, connection: Connection, row: dict[str, Any], now: datetime) -> None:
        if why := _over(row, now):
            self._end(connection, row, why, now)
            return
        try:
            asked = criteria(row["criteria"], now)
        except WrongInput:
            self._end(connection, row, "criteria_not_supported", now)
            return
        if not asked.resource.rights & {Right(each) for each in row["rights"]}:
            self._end(connection, row, "not_allowed", now)
            return
        until = horizon(connection)
        new = _is_new(connection, row, asked, until, now)
        try:
            if new:
                sealed = headers(self.key, row["id"], row["headers"])
                self.hook.call(row["endpoint"], sealed)
        except (HookFailed, KeyMissing) as error:
            self._failed(connection, row, error, now)
        else:
            is_well(connection, row["id"], until, new, now, now + EVERY)

    def _failed(
        self, connection: Connection, row: dict[str, Any], error: Exception, now: datetime
    ) -> None:
        """Try again later, each time after twice as long; after a day no more."""
        why = error.error if isinstance(error, HookFailed) else KeyMissing.code
        since = row["failing_since"] or now
        if (isinstance(error, HookFailed) and error.for_good) or now - since >= GIVE_UP:
            self._end(connection, row, why, now)
            return
        wait = min(EVERY * 2 ** min(row["attempts"], 10), LONGEST)
        is_failing(connection, row["id"], why, now, now + wait)
        log.warning("subscription_failed", subscription=str(row["id"]), error=why)

    def _end(self, connection: Connection, row: dict[str, Any], why: str, now: datetime) -> None:
        """Tell nobody any more; who looks at the subscription, the log or the audit sees why."""
        is_off(connection, row["id"], why, now)
        log.error("subscription_off", subscription=str(row["id"]), error=why)
        with connection.transaction():
            as_app(connection, row["organisation_id"])
            subject = ("subscription", str(row["id"]))
            append(
                connection,
                _who(row),
                "fhir.subscription-off",
                at=now,
                subject=subject,
                detail={"error": why},
            )


def _over(row: dict[str, Any], now: datetime) -> str | None:
    if row["ends_at"] and row["ends_at"] <= now:
        return "ended"
    return "program_ended" if row["rights"] is None else None


def _is_new(
    connection: Connection, row: dict[str, Any], asked: Asked, until: datetime, now: datetime
) -> bool:
    """Look as the organisation of whose it is: nothing that they may not see is told of."""
    updated = asked.resource.updated
    since = (f"{updated} > %s AND {updated} <= %s", [row["looked_until"], until])
    view = View(row["who"], now)
    text, given = query(asked.resource, [*asked.conditions, since], view, tail="LIMIT 1", only="1")
    with connection.transaction():
        as_app(connection, row["organisation_id"])
        return connection.execute(text, given).fetchone() is not None


def _who(row: dict[str, Any]) -> Who:
    return Who(
        id=row["who"],
        name=row["name"] or str(row["who"]),
        organisation=row["organisation_id"],
        organisation_name="",
        roles=frozenset(),
        rights=frozenset(),
        session=None,
    )
