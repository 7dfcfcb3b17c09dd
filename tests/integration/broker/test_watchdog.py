"""The watchdog: a reading through the real broker becomes a task and a message, or it barks."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from alerting.notifiers import notifiers
from device_profiles.wire.v1 import Class, shard, topic_up
from gateway.care.deliver import Delivery
from gateway.care.tasks import list_tasks
from gateway.ingest.batch import Keys
from gateway.ingest.consumer import Consumer
from gateway.ingest.loop import Ingest
from gateway.life import live
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.homes import HUBS
from gateway.storage.quality import quality
from gateway.watchdog.check import check, tell
from gateway.watchdog.run import GIVE_UP, Watchdog
from gateway.watchdog.setup import set_up
from tests.fixtures.broker import RunningBroker, wait_for, wait_for_ingest
from tests.fixtures.site import Site, make_site
from tests.integration.alerting.homes import evaluate, one, rows

EVERY = timedelta(minutes=15)
RUNS = "SELECT state, error FROM watchdog_run ORDER BY begun_at"
MAX_AGE = timedelta(minutes=35)


@pytest.fixture
def home(embedded_database: Database) -> Site:
    return make_site(embedded_database)


@pytest.fixture
def settings(tmp_path: Path, embedded_database: Database, broker: RunningBroker) -> Settings:
    return Settings(
        home=tmp_path,
        database_url=embedded_database.url,
        broker_port=broker.port,
        broker_managed=False,
    )


@contextmanager
def ingest(database: Database, broker: RunningBroker, hub: Any) -> Iterator[None]:
    stop = threading.Event()
    consumer = partial(Consumer, keys=broker.keys.folder, host="127.0.0.1", port=broker.port)
    keys = Keys(broker.keys.recipients(), broker.keys.receipt_key())
    thread = threading.Thread(target=Ingest(database, keys, [shard(hub)], consumer, stop).run)
    thread.start()
    probe = broker.client(str(hub))
    wait_for_ingest(probe, topic_up(hub, Class.STATUS))
    probe.disconnect()
    probe.loop_stop()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)


def look(database: Database, dog: Watchdog, now: datetime | None = None) -> None:
    """Let all parts do what is due, the watchdog among them."""
    evaluate(database)
    delivery = Delivery(notifiers({}))
    with database.connect(autocommit=True) as connection:
        moment = datetime.now(UTC)
        live(connection, moment)
        delivery.deliver(connection, moment)
        dog.look(connection, now or moment)


def begin(database: Database, dog: Watchdog) -> None:
    rows(database, "UPDATE watchdog SET next_action_at = made_at RETURNING 1")
    with database.connect(autocommit=True) as connection:
        assert dog.begin(connection, datetime.now(UTC)) == 1


def test_the_whole_way_is_proved_again_and_again_and_counts_for_nobody(
    embedded_database: Database, broker: RunningBroker, settings: Settings, home: Site
) -> None:
    database, now = embedded_database, datetime.now(UTC)
    hub = set_up(settings, database, home.organisation, EVERY, now)
    assert set_up(settings, database, home.organisation, EVERY, now) == hub
    broker.start(own_files=True)
    dog = Watchdog(settings)
    with ingest(database, broker, hub):
        for count in (1, 2):
            begin(database, dog)

            def proved(count: int = count) -> bool:
                look(database, dog)
                return [run["state"] for run in rows(database, RUNS)] == ["proved"] * count

            wait_for(proved, "the run is proved", seconds=60)
    tasks = rows(database, "SELECT status, priority, closed_by FROM task")
    assert {row["status"] for row in tasks} == {"cancelled"}
    assert len(tasks) == 2
    (told,) = rows(database, "SELECT DISTINCT channel, address, state FROM notification")
    assert tuple(told.values()) == ("console", "watchdog", "sent")
    assert check(settings, MAX_AGE, datetime.now(UTC)).well
    assert not check(settings, MAX_AGE, datetime.now(UTC) + timedelta(minutes=40)).well
    with database.transaction() as connection:
        day = timedelta(days=1)
        assert quality(connection, now - day, now + day) == []
        assert list_tasks(connection, closed=True) == ()
        assert [row["id"] for row in connection.execute(HUBS)] == [home.hub]
    # Numbers of which no reading came are nobody's loss.
    assert one(database, "SELECT missing::text AS m FROM ledger")["m"] == "{}"


def test_a_run_that_comes_nowhere_says_how_far(
    embedded_database: Database, settings: Settings, home: Site
) -> None:
    """There is no broker: nothing is published, and the run is given up."""
    database, now = embedded_database, datetime.now(UTC)
    set_up(settings, database, home.organisation, EVERY, now)
    dog = Watchdog(settings)
    look(database, dog, now)
    look(database, dog, now + GIVE_UP + timedelta(seconds=1))
    assert one(database, RUNS) == {
        "state": "failed",
        "error": "came as far as: nowhere; not published",
    }
    verdict = check(settings, MAX_AGE, now + timedelta(minutes=36))
    assert not verdict.well
    assert "no proof yet; the last run: came as far as: nowhere" in verdict.line


def test_without_a_watchdog_or_a_database_nothing_is_well(
    settings: Settings,
) -> None:
    now = datetime.now(UTC)
    assert "No watchdog is set up" in check(settings, MAX_AGE, now).line
    away = settings.model_copy(update={"database_url": "postgresql://127.0.0.1:1/none"})
    verdict = check(away, MAX_AGE, now)
    assert not verdict.well
    assert "does not answer" in verdict.line


def test_the_alarm_goes_by_the_sites_channels_without_the_gateway(settings: Settings) -> None:
    heard: list[dict[str, Any]] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (settings.home / "notifiers.toml").write_text(
        '[webhook]\nsecrets = ["whsec_MfKQ9r8GKYqrTwjU"]\n'
    )
    url = f"http://127.0.0.1:{server.server_port}/"
    failed = tell(settings, [("webhook", url), ("email", "ops@example.org")], "en")
    server.shutdown()
    server.server_close()
    assert [message["type"] for message in heard] == ["task.watchdog"]
    assert failed == ["email is not set up in notifiers.toml"]
