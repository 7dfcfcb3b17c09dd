"""Readings of a site for the worker, and what became of them."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from device_profiles.gatt import sig
from device_profiles.reading import Indication, Kind, Reading, Validity, Value
from device_profiles.wire.body import ReadingBody
from gateway.storage.database import Database
from gateway.worker import Worker
from tests.fixtures.site import Site, blood_pressure, reading_body

# Whole seconds of the recent past: stored_at is the database's own clock.
NOW = datetime.now(UTC).replace(microsecond=0)
GLUCOSE = sig(0x2A18)


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def glucose(number: str, at: datetime) -> Reading:
    """Make a glucose reading; its octets follow the moment, so that readings differ."""
    octets = b"\x02" + int(at.timestamp()).to_bytes(7, "little") + number.encode()
    return Reading(
        kind=Kind.GLUCOSE,
        values=(Value(mdc=160184, unit="mg/dL", number=Decimal(number)),),
        validity=Validity.VALID,
        octets=(Indication(uuid=GLUCOSE, octets=octets),),
    )


def take(
    site: Site,
    database: Database,
    *readings: tuple[Reading, datetime],
    received: timedelta = timedelta(seconds=5),
) -> None:
    """Let readings arrive in one batch; their devices told them to the hub `received` later."""
    sent = [
        site.envelope(_told_at(reading_body(site, reading, at), at + received))
        for reading, at in readings
    ]
    outcome = site.accept(database, sent)
    assert outcome.stored == len(readings), outcome


def _told_at(body: ReadingBody, at: datetime) -> ReadingBody:
    return body.model_copy(update={"arrival": body.arrival.model_copy(update={"received_at": at})})


def take_pressures(site: Site, database: Database, *pressures: tuple[int, int, float]) -> None:
    """Let blood pressures arrive: systolic, diastolic, hours ago."""
    take(site, database, *((blood_pressure(s, d, ago(h)), ago(h)) for s, d, h in pressures))


def take_glucoses(
    site: Site,
    database: Database,
    *numbers: tuple[str, float],
    received: timedelta = timedelta(seconds=5),
) -> None:
    """Let glucose readings arrive: mg/dL, hours ago."""
    told = [(glucose(n, ago(h)), ago(h)) for n, h in numbers]
    take(site, database, *told, received=received)


def rows(database: Database, query: str, given: Sequence[Any] = ()) -> list[dict[str, Any]]:
    with database.transaction() as connection:
        return connection.execute(query, given).fetchall()


def one(database: Database, query: str, given: Sequence[Any] = ()) -> dict[str, Any]:
    (row,) = rows(database, query, given)
    return row


def evaluate(database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> int:
    """Let a worker evaluate all that waits, once; return how many readings it evaluated."""
    from gateway.storage.rules import load_packs

    worker = Worker(database, threading.Event(), clock=clock)
    with database.connect(autocommit=True) as connection:
        return worker.drain(connection, load_packs(connection))


def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for a state of the database, which tells nobody when it changes."""
    pause, end = threading.Event(), datetime.now(UTC) + timedelta(seconds=seconds)
    while not holds():
        assert datetime.now(UTC) < end, "it did not come to hold"
        pause.wait(0.02)
