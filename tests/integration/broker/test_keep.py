"""What the console changes of hubs, the broker's keeper carries out."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.broker.files import write_broker_files
from gateway.broker.keep import AGAIN, Keeper
from gateway.storage import homes, revocations
from gateway.storage.as_app import as_app
from gateway.storage.database import Database
from tests.fixtures.broker import RunningBroker
from tests.fixtures.site import Site
from tests.integration.broker.revoking import Gate


@pytest.fixture
def gate(embedded_database: Database, broker: RunningBroker) -> Gate:
    return Gate(embedded_database, broker)


def look(gate: Gate, keeper: Keeper, after: timedelta = timedelta()) -> None:
    with gate.database.connect(autocommit=True) as connection:
        keeper.look(connection, datetime.now(UTC) + after)


def refuse(gate: Gate, site: Site) -> None:
    """Shut a hub out as the console does: rows, in the app role."""
    with gate.database.transaction() as connection:
        app = as_app(connection, site.organisation)
        revocations.refuse(app, site.hub, "replaced", "Tess Technician")


def test_the_access_list_follows_the_hubs(gate: Gate, site: Site) -> None:
    settings = gate.settings
    keeper, acl = Keeper(settings, gate.database), settings.broker_folder / "acl"
    look(gate, keeper)
    assert not acl.exists(), "where the broker's files are elsewhere, nothing is written"
    write_broker_files(settings, gate.database)
    assert str(site.hub) in acl.read_text()
    refuse(gate, site)
    look(gate, keeper)
    assert str(site.hub) not in acl.read_text()
    with gate.database.transaction() as connection:
        assert homes.active_hubs(connection) == []


def test_without_a_broker_it_is_tried_again_later(gate: Gate, site: Site) -> None:
    write_broker_files(gate.settings, gate.database)
    refuse(gate, site)
    keeper = Keeper(gate.settings, gate.database)
    for after in (timedelta(minutes=2), timedelta(minutes=3), AGAIN + timedelta(minutes=3)):
        look(gate, keeper, after)
    with gate.database.transaction() as connection:
        assert revocations.steps(connection, site.hub)[-1].step == "listed"
        tries = connection.execute("SELECT count(*) AS n FROM burnt_certificate").fetchone()
    assert tries == {"n": 2}


@pytest.mark.slow
def test_a_hub_that_was_replaced_at_the_console_is_shut_out(gate: Gate, site: Site) -> None:
    gate.certify(site.hub, "today")
    gate.start()
    refuse(gate, site)
    look(gate, Keeper(gate.settings, gate.database), timedelta(minutes=2))
    with gate.database.transaction() as connection:
        assert revocations.steps(connection, site.hub)[-1].step == "proved"
