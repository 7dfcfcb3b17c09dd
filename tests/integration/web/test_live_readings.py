"""Readings are told once for each patient of a batch, and to who looks at that patient only."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from gateway.access.rights import Role, rights_of
from gateway.access.who import Who
from gateway.storage.database import Connection, Database
from gateway.web import live as live_module
from gateway.web.live import Change, Live
from gateway.web.pages.live import seen_by
from tests.fixtures.site import Site
from tests.integration.web.test_live import a_task, heard, listening, told
from tests.integration.web.work import add_patient, add_reading, evaluated

NOW = datetime.now(UTC)
PULSE = {"pulse": ("/min", 70)}


def readings(connection: Connection, organisation: UUID, patient: UUID, n: int) -> list[UUID]:
    return [
        add_reading(connection, organisation, patient, NOW - timedelta(minutes=minute), PULSE)
        for minute in range(n)
    ]


def a_batch(database: Database, site: Site, n: int = 1) -> UUID:
    """Evaluate so many readings of the patient at once; return the newest."""
    with database.transaction() as connection:
        found = readings(connection, site.organisation, site.patient, n)
        evaluated(connection, *found)
    return found[0]


def somebody(organisation: UUID, role: Role) -> Who:
    rights = rights_of(frozenset({role}))
    return Who(uuid4(), "N. Night", organisation, "", frozenset({role}), rights, uuid4())


async def test_a_batch_is_told_once_for_each_patient(
    embedded_database: Database, site: Site
) -> None:
    with listening(embedded_database) as live:
        place = live.place
        with embedded_database.transaction() as connection:
            other = add_patient(connection, site.organisation, "Grace Hopper")
            mine = readings(connection, site.organisation, site.patient, 3)
            theirs = readings(connection, site.organisation, other, 2)
            evaluated(connection, *mine, *theirs)
        await asyncio.to_thread(heard, live, place, 2)
        async with aclosing(live.watch(lambda _: True, place)) as stream:
            found = [(await told(stream)).change for _ in range(2)]
        assert live.place.split("-")[1] == "2"
    assert {(one.patient, one.what, one.id) for one in found if one} == {
        (site.patient, "reading", mine[0]),  # the newest of them
        (other, "reading", theirs[0]),
    }


async def test_what_is_evaluated_again_is_told_again(
    embedded_database: Database, site: Site
) -> None:
    with listening(embedded_database) as live:
        reading = a_batch(embedded_database, site)
        place = live.place
        with embedded_database.transaction() as connection:
            evaluated(connection, reading)
        await asyncio.to_thread(heard, live, place, 1)


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.TECHNICIAN])
def test_readings_are_told_to_who_looks_at_that_patient(role: Role) -> None:
    organisation, patient = uuid4(), uuid4()
    who = somebody(organisation, role)
    reading = Change(organisation, patient, "reading", uuid4())
    assert seen_by(who, patient)(reading)
    assert not seen_by(who)(reading)
    assert not seen_by(who, uuid4())(reading)
    assert not seen_by(somebody(uuid4(), role), patient)(reading)


async def test_readings_push_no_task_out_of_what_is_kept(
    embedded_database: Database, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "KEPT", 2)
    with listening(embedded_database) as live:
        place = live.place
        task = a_task(embedded_database, site)
        for _ in range(4):
            newest = a_batch(embedded_database, site)
        await asyncio.to_thread(heard, live, place, 5)
        assert await seen_since(live, place, embedded_database, site) == [task, newest]
        a_task(embedded_database, site)
        await asyncio.to_thread(heard, live, place, 7)
        # A change was let go of that this page has not seen: it looks at everything again.
        assert await seen_since(live, place, embedded_database, site) == [None]


async def seen_since(live: Live, place: str, database: Database, site: Site) -> list[UUID | None]:
    """Return what a page is told from this place on, up to one more task."""
    async with aclosing(live.watch(lambda _: True, place)) as stream:
        changes = [(await told(stream)).change]
        last = await asyncio.to_thread(a_task, database, site)
        while changes[-1] is None or changes[-1].id != last:
            changes.append((await told(stream)).change)
    return [each.id if each else None for each in changes[:-1]]
