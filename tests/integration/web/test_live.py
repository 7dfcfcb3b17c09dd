"""Changes reach who may see them, in order; after an outage everybody looks again."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from gateway.storage.database import Connection, Database
from gateway.web.live import MOST_WAITING, Change, Live, Told
from tests.fixtures.site import Site
from tests.integration.alerting.homes import until
from tests.integration.web.work import add_task

DIE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'live-test'"


@contextmanager
def listening(database: Database) -> Iterator[Live]:
    def connect() -> Connection:
        return psycopg.connect(
            database.url, autocommit=True, row_factory=dict_row, application_name="live-test"
        )

    live = Live(connect)
    before = live.place
    live.start()
    until(lambda: live.place != before)  # it has a new place as soon as it listens
    yield live
    live.stop()


async def told(stream: AsyncIterator[Told | None]) -> Told:
    async with asyncio.timeout(60):
        while True:
            found = await anext(stream)
            if found is not None:
                return found


def heard(live: Live, since: str, n: int) -> None:
    """Wait until it has heard of so many changes."""
    begun = int(since.split("-")[1])
    until(lambda: int(live.place.split("-")[1]) - begun >= n, 60)


def a_task(database: Database, site: Site) -> UUID:
    with database.transaction() as connection:
        return add_task(connection, site.organisation, site.patient)


async def test_a_change_is_told_to_who_watches(embedded_database: Database, site: Site) -> None:
    with listening(embedded_database) as live:
        async with aclosing(live.watch(lambda _: True, live.place)) as stream:
            waiting = asyncio.create_task(told(stream))
            task = await asyncio.to_thread(a_task, embedded_database, site)
            change = (await waiting).change
    assert change == Change(site.organisation, site.patient, "task", task, "clinical")


@pytest.mark.parametrize("payload", ["", "nonsense", "[]", "null", "{}", '{"id": 7}'])
async def test_what_nobody_can_read_ends_no_listener(
    embedded_database: Database, site: Site, payload: str
) -> None:
    with listening(embedded_database) as live:
        async with aclosing(live.watch(lambda _: True, live.place)) as stream:
            with embedded_database.transaction() as connection:
                connection.execute("SELECT pg_notify('change', %s)", [payload])
            assert (await told(stream)).change is None  # look at everything again
            task = await asyncio.to_thread(a_task, embedded_database, site)
            change = (await told(stream)).change
    assert change is not None
    assert change.id == task


async def test_what_happened_on_the_way_is_told(embedded_database: Database, site: Site) -> None:
    with listening(embedded_database) as live:
        place = live.place
        task = a_task(embedded_database, site)
        await asyncio.to_thread(heard, live, place, 1)
        async with aclosing(live.watch(lambda _: True, place)) as stream:
            first = await told(stream)
            assert first.change is not None
            assert first.change.id == task
        async with aclosing(live.watch(lambda _: True, "of-another-process")) as stream:
            assert (await told(stream)).change is None


async def test_another_organisation_is_told_nothing(
    embedded_database: Database, site: Site
) -> None:
    with listening(embedded_database) as live:
        others = live.watch(lambda change: change.organisation != site.organisation, live.place)
        mine = live.watch(lambda change: change.organisation == site.organisation, live.place)
        async with aclosing(others), aclosing(mine):
            waiting = asyncio.create_task(told(mine))
            foreign = asyncio.create_task(told(others))
            await asyncio.to_thread(a_task, embedded_database, site)
            await waiting
            assert not foreign.done()
            foreign.cancel()
            with pytest.raises(asyncio.CancelledError):
                await foreign


async def test_after_an_outage_everybody_looks_again(
    embedded_database: Database, site: Site
) -> None:
    with listening(embedded_database) as live:
        async with aclosing(live.watch(lambda _: True, live.place)) as stream:
            waiting = asyncio.create_task(told(stream))
            await asyncio.sleep(0)
            with psycopg.connect(embedded_database.url, autocommit=True) as connection:
                connection.execute(DIE)
            again = await waiting
            assert again.change is None
            task = await asyncio.to_thread(a_task, embedded_database, site)
            change = (await told(stream)).change
    assert change is not None
    assert change.id == task


async def test_who_is_too_slow_looks_again(embedded_database: Database, site: Site) -> None:
    with listening(embedded_database) as live:
        stream = live.watch(lambda _: True, live.place)
        async with aclosing(stream):
            waiting = asyncio.create_task(told(stream))
            a_task(embedded_database, site)
            await waiting
            place = live.place
            with embedded_database.transaction() as connection:
                for _ in range(MOST_WAITING + 1):
                    add_task(connection, site.organisation, site.patient)
            await asyncio.to_thread(heard, live, place, MOST_WAITING + 1)
            await asyncio.sleep(0)
            assert (await told(stream)).change is None
