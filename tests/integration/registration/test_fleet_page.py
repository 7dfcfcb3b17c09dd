"""The fleet in its order, and held readings as each role sees them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from device_profiles.wire.keys import Suite
from gateway.access.rights import Role
from gateway.storage import homes
from gateway.storage.as_app import as_app
from gateway.storage.database import Connection
from gateway.storage.fleet import FleetHub, Looked, fleet
from tests.fixtures.console import Console
from tests.fixtures.site import Site, make_site
from tests.integration.registration.test_held import measure

NOW = datetime.now(UTC)
OFFLINE = timedelta(hours=2)


@contextmanager
def at_work(console: Console, which: int = 1) -> Iterator[Connection]:
    with console.database.transaction() as connection:
        yield as_app(connection, console.organisations[which])


def hub(connection: Connection, organisation: UUID, name: str, **told: Any) -> UUID:
    """Register a hub that told this of itself a minute ago, or `ago`."""
    row = homes.HubRow(uuid4(), organisation, "Europe/Vienna", Suite.X25519)
    homes.add_hub(connection, row, name, b"k" * 32)
    ago = told.pop("ago", timedelta(minutes=1))
    body = {"version": "1.0", "spool_waiting": 0, "hub_clock_ok": True, "devices": [], **told}
    connection.execute(
        "INSERT INTO hub_status (hub_id, organisation_id, epoch, seq, told_at, received_at, body)"
        " VALUES (%s, %s, 1, 1, %s, %s, %s)",
        [row.id, organisation, NOW - ago, NOW - ago, Jsonb(body)],
    )
    return row.id


@pytest.fixture(scope="module")
def hubs(console: Console) -> None:
    """Let organisation 1 have one hub in each state, and a page more of those that are well."""
    org = console.organisations[1]
    with console.database.transaction() as connection:
        hub(connection, org, "A well")
        hub(connection, org, "B spool", spool_waiting=500)
        hub(connection, org, "C clock", hub_clock_ok=False)
        hub(connection, org, "D away", ago=timedelta(days=3))
        away = hub(connection, org, "E device")
        patient = homes.add_patient(connection, org, "Emil Example", "Europe/Vienna")
        row = homes.find_hub(connection, away)
        new = homes.NewPairing("C0:FF:EE:00:00:AA", "generic_cuff", patient, None, NOW)
        device = homes.pair_device(connection, row, new)
        state = {
            "device": str(device),
            "last_seen": NOW.isoformat(),
            "rssi_dbm": -71,
            "battery_percent": 7,
            "problem": "bond_lost",
        }
        connection.execute(
            "UPDATE hub_status SET body = body || %s WHERE hub_id = %s",
            [Jsonb({"devices": [state]}), away],
        )
        connection.execute(
            "INSERT INTO trouble (organisation_id, hub_id, device_id, cause, what, since)"
            " VALUES (%s, %s, %s, 'device', 'bond_lost', %s)",
            [org, away, device, NOW],
        )
        for n in range(60):
            hub(connection, org, f"Well {n:02}")


def seen(console: Console, **asked: Any) -> tuple[FleetHub, ...]:
    after, limit = asked.pop("after", None), asked.pop("limit", 50)
    with at_work(console) as connection:
        looked = Looked(console.people[Role.TECHNICIAN, 1], NOW, OFFLINE, **asked)
        return fleet(connection, looked, after=after, limit=limit).hubs


@pytest.mark.usefixtures("hubs")
def test_the_worst_comes_first_and_every_hub_comes_once(console: Console) -> None:
    first = seen(console, limit=20)
    assert [one.name for one in first[:5]] == ["D away", "E device", "C clock", "B spool", "A well"]
    assert [one.worst for one in first[:5]] == ["offline", "device", "clock", "backlog", "well"]
    assert first[1].devices[0].battery_percent == 7
    found = list(first)
    while page := seen(console, after=found[-1].id, limit=20):
        found += page
    assert len({one.id for one in found}) == len(found) == 65
    with at_work(console) as connection:
        looked = Looked(console.people[Role.TECHNICIAN, 1], NOW, OFFLINE)
        assert fleet(connection, looked).counts["well"] == 61


@pytest.mark.usefixtures("hubs")
def test_hubs_are_sought_by_state_and_by_name(console: Console) -> None:
    assert [one.name for one in seen(console, only="clock")] == ["C clock"]
    assert [one.name for one in seen(console, named="SPOOL")] == ["B spool"]
    assert seen(console, named="100%") == ()


@pytest.mark.usefixtures("hubs")
def test_the_page_says_it_in_words_and_goes_on(console: Console) -> None:
    browser = console.client(Role.COORDINATOR, 1)
    page = browser.get("/fleet").text
    for said in (
        "Not heard",
        "A device needs a hand",
        "has to be paired again",
        "signal good",
        "battery 7 %",
    ):
        assert said in page
    assert "Well 59" not in page
    cursor = re.search(r'name="cursor" value="([^"]+)"', page)
    assert cursor is not None
    part = browser.post("/fleet", data={"cursor": cursor[1]}, headers={"hx-request": "true"}).text
    assert "Well 59" in part
    assert "<html" not in part
    assert browser.get("/fleet?state=clock").text.count('<li class="hub ') == 1
    assert browser.get("/fleet?state=purple").status_code == 422
    assert "D away" not in console.client(Role.COORDINATOR).get("/fleet").text
    assert console.client(Role.AUDITOR, 1).get("/fleet").status_code == 403


@pytest.fixture(scope="module")
def home(console: Console) -> Site:
    """Give organisation 0 a home whose cuff has a second user whom nobody knows."""
    site = make_site(console.database, console.organisations[0])
    with console.database.transaction() as connection:
        connection.execute("UPDATE assignment SET user_slot = 1 WHERE device_id = %s", [site.cuff])
    return site


def test_a_technician_sees_that_something_is_held_and_only_a_coordinator_decides(
    console: Console, home: Site
) -> None:
    (row,) = measure(console.database, home, 1)
    technician = console.client(Role.TECHNICIAN).get("/held").text
    assert "Nobody is known for this user" in technician
    assert "A coordinator decides" in technician
    assert console.client(Role.TECHNICIAN).post(f"/held/{row.id}/refuse").status_code == 403
    browser = console.client(Role.COORDINATOR)
    assert "It is theirs" in browser.get("/held").text
    stranger = {"patient": str(uuid4())}
    found = browser.post(f"/held/{row.id}", data={"named": "test pat"}).text
    assert "Test patient" in found
    assert browser.post(f"/held/{row.id}/assign", data=stranger).status_code == 404
    data = {"patient": str(home.patient)}
    assert browser.post(f"/held/{row.id}/assign", data=data).status_code == 303
    assert "Being taken" in browser.get("/held").text
    assert console.client(Role.COORDINATOR, 1).post(f"/held/{row.id}/refuse").status_code == 404
    assert browser.post(f"/held/{row.id}/refuse").status_code == 303
    assert "Nothing is held" in browser.get("/held").text
