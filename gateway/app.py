"""The composition root: builds the adapters of each program and starts and stops its loops."""

import signal
import threading
from datetime import UTC, datetime
from functools import partial

from gateway.broker.files import reload_broker, write_broker_files
from gateway.identity.files import make_site_keys
from gateway.ingest.batch import Keys
from gateway.ingest.consumer import Consumer
from gateway.ingest.loop import Ingest
from gateway.logs import configure_logs
from gateway.settings import Settings
from gateway.supervisor import Supervisor
from gateway.worker import Worker


def stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def prepare(settings: Settings) -> list[str]:
    """Make keys, migrate, load rule packs, write the broker's files; return what was applied."""
    from gateway.storage.rules import load_packs

    hosts = sorted({settings.broker_host, "localhost", "127.0.0.1"})
    make_site_keys(settings.keys, hosts, datetime.now(UTC))
    database = settings.database()
    applied = database.migrate()
    with database.transaction() as connection:
        load_packs(connection)
        write_broker_files(settings, connection)
    reload_broker(settings)
    return applied


def run_ingest(settings: Settings) -> None:
    """Receive and store until stopped."""
    configure_logs(settings.log_level)
    site = make_site_keys(settings.keys, [settings.broker_host], datetime.now(UTC))
    Ingest(
        database=settings.database(),
        keys=Keys(site.recipients(), site.receipt_key()),
        shards=list(settings.ingest_shards),
        consumer=partial(
            Consumer, keys=settings.keys, host=settings.broker_host, port=settings.broker_port
        ),
        stop=stop_on_signals(),
    ).run()


def run_worker(settings: Settings) -> None:
    """Evaluate until stopped."""
    configure_logs(settings.log_level)
    Worker(settings.database(), stop_on_signals()).run()


def run_all(settings: Settings) -> None:
    """Run database, broker, ingest and worker as one process group, until stopped."""
    configure_logs(settings.log_level)
    prepare(settings)
    Supervisor(settings, settings.database(), stop_on_signals()).run()
