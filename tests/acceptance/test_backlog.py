"""72 hours without network: all of it drains, urgent first, and what is new waits for nothing."""

import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest

from device_profiles.gatt import BLOOD_PRESSURE_MEASUREMENT
from device_profiles.reading import DeviceTime, Indication, Kind, Reading, Validity, Value
from device_profiles.timeline import Basis
from device_profiles.wire.body import Arrival, ReadingBody
from device_profiles.wire.v1 import Class
from edge_agent.identity.hub import read_identity
from edge_agent.spool.seal import Sealer
from edge_agent.spool.sqlite import SqliteSpool
from gateway.storage.database import Database, embedded
from simulators.fleet.run import wait_for_ingest
from simulators.home_file import HomeFile
from simulators.site import Gateway, Home, Resident, free_port
from tests.fixtures.hub import trusted_clock
from tests.fixtures.promises import Keep
from tests.fixtures.whole_site import SECRETS, ZONE, cuff, wait_for

LIVE, EVERY_S = 6, 2.0
HOURS = 72
RECEIVED = """
SELECT e.received_at, e.sent_at, r.measured_at, e.seq FROM envelope e
JOIN identity i ON i.reading_id = e.reading_id JOIN reading r ON r.id = i.reading_id
    AND r.measured_at = i.measured_at
WHERE e.disposition = 'stored' ORDER BY e.received_at"""


def fill(home: Home, count: int, urgent_every: int) -> set[int]:
    """Put so many readings of the last 72 hours into the hub's spool; return the urgent seqs."""
    identity = read_identity(home.folder / "hub")
    clock = trusted_clock()
    sealer = Sealer(identity.hub_file, identity.signing_key, clock)
    device, session = identity.hub_file.devices[0].id, uuid4()
    start, step = datetime.now(UTC) - timedelta(hours=HOURS), timedelta(hours=HOURS) / count
    spool, urgent = SqliteSpool(home.folder / "state", sealer, clock, 2**28), set()
    for number in range(count):
        class_ = Class.ALERT if number % urgent_every == urgent_every - 1 else Class.ROUTINE
        body = _body(device, session, number, start + number * step)
        ref = spool.put(body, class_)
        if class_ is Class.ALERT:
            urgent.add(ref.seq)
    spool.close()
    return urgent


def _body(device: UUID, session: UUID, number: int, at: datetime) -> ReadingBody:
    octets = b"\x02" + number.to_bytes(17, "little")
    numbers = {150021: 120 + number % 20, 150022: 80}
    at = at.replace(microsecond=0)
    reading = Reading(
        kind=Kind.BLOOD_PRESSURE,
        values=tuple(Value(mdc=m, unit="mm[Hg]", number=Decimal(n)) for m, n in numbers.items()),
        validity=Validity.VALID,
        octets=(Indication(uuid=BLOOD_PRESSURE_MEASUREMENT, octets=octets),),
        device_time=DeviceTime(
            year=at.year,
            month=at.month,
            day=at.day,
            hour=at.hour,
            minute=at.minute,
            second=at.second,
        ),
    )
    came = Arrival(
        device=device, profile="generic_cuff", session=session, order=number, received_at=at
    )
    return ReadingBody(
        arrival=came, reading=reading, measured_at=at, basis=Basis.DEVICE_CLOCK, decoded_at=at
    )


def drain(folder: Path, count: int, limit_s: float) -> dict[str, Any]:
    """Let a hub come back with so many readings; return what was counted."""
    with ExitStack() as running:
        gateway = Gateway(folder, free_port())
        devices = HomeFile.model_validate(
            {"seed": 1, "zone": ZONE, "devices": [cuff(LIVE, EVERY_S)]}
        )
        since = datetime.now(UTC) - timedelta(days=30)
        (home,) = gateway.register([Resident(SECRETS["name"], devices)], since)
        urgent = fill(home, count, urgent_every=100)
        running.callback(gateway.program.stop)
        gateway.program.start()
        gateway.wait_until_ready(90)
        wait_for_ingest(gateway)
        running.callback(home.stop)
        home.start_radio()
        began = datetime.now(UTC)
        home.start_agent()
        database = embedded(folder / "gateway" / "postgres")
        wait_for(lambda: _stored(database) >= count + LIVE, "everything is stored", seconds=limit_s)
        return _figures(database, gateway, home, urgent, began, count)


def _stored(database: Database) -> int:
    with database.transaction() as connection:
        row = connection.execute("SELECT count(*) AS n FROM identity").fetchone()
    return int(row["n"]) if row else 0


def _figures(
    database: Database, gateway: Gateway, home: Home, urgent: set[int], began: datetime, count: int
) -> dict[str, Any]:
    with database.transaction() as connection:
        rows = connection.execute(RECEIVED).fetchall()
    places = {row["seq"]: place for place, row in enumerate(rows)}
    taken = [datetime.fromisoformat(line["at"]) for line in home.taken()]
    live = sorted(row["received_at"] for row in rows if row["seq"] > count)
    delays = [(came - at).total_seconds() for at, came in zip(sorted(taken), live, strict=True)]
    account = gateway.call("custody", home.hub)
    return {
        "readings": len(rows),
        "missing": account["missing_count"],
        "drained_s": round((rows[-1]["received_at"] - began).total_seconds(), 1),
        "last_urgent_place": max(places[seq] for seq in urgent) + 1,
        "live_p95_s": round(float(np.percentile(delays, 95)), 1),
    }


@pytest.mark.slow  # waits for clocks: a loaded machine makes it late
def test_a_backlog_drains_urgent_first_while_live_readings_pass(
    tmp_path: Path, promise: Keep
) -> None:
    figures = drain(tmp_path, 1000, limit_s=90)
    promise("backlog", **figures)
    assert (figures["readings"], figures["missing"]) == (1000 + LIVE, 0)
    assert figures["last_urgent_place"] <= 100


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_72_hours_of_five_devices_drain_in_five_minutes(promise: Keep) -> None:
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        figures = drain(Path(folder), 21_600, limit_s=420)
    promise("backlog", **figures, limit_s=300, whole_s=round(time.monotonic() - started))
    assert (figures["readings"], figures["missing"]) == (21_600 + LIVE, 0)
    assert figures["drained_s"] < 300
    assert figures["last_urgent_place"] <= 500
    assert figures["live_p95_s"] < 10
