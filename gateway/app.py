"""The composition root: builds the adapters of each program and starts and stops its loops."""

import fcntl
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Final

import structlog

from alerting.rules.jump import Jump
from gateway.audit.seal import Seal
from gateway.broker.files import update_broker
from gateway.broker.keep import HUBS, LOOK_S, Keeper
from gateway.care.deliver import Delivery
from gateway.errors import Conflict, ConnectionLost, WrongInput
from gateway.fhir.loops import fhir_loops
from gateway.identity.files import make_site_keys
from gateway.identity.keys import PRIVATE
from gateway.identity.keys_live import LiveRecipients
from gateway.ingest.batch import Keys
from gateway.ingest.consumer import Consumer
from gateway.ingest.loop import Ingest
from gateway.life import AUDIT, MESSAGES, TASKS, Loop, live
from gateway.logs import configure_logs
from gateway.notifiers_file import NOTIFIERS, read_notifiers
from gateway.operators import Alarm
from gateway.outbox.run import far_sides
from gateway.rules.packs import site_rules
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.supervisor import Supervisor
from gateway.watchdog.run import Watchdog
from gateway.when_right import AGAIN_S, WhenRight
from gateway.worker import POLL_S, Worker

RETRY_S: Final = 1.0

log = structlog.get_logger()


def stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def wait_for_schema(database: Database, stop: threading.Event) -> None:
    """Wait for a database that is away, as after a power cut. Raises SchemaMissing."""
    while not stop.is_set():
        try:
            database.require_schema()
        except ConnectionLost as error:
            log.warning("database_lost", error=type(error).__name__, retry_s=RETRY_S)
            stop.wait(RETRY_S)
        else:
            return


def prepare(settings: Settings) -> list[str]:
    """Make keys, migrate, load rule packs, write the broker's files; return what was applied."""
    from gateway.storage.rules import load_packs

    rules = site_rules(settings)
    make_site_keys(settings.keys, settings.hosts, datetime.now(UTC))
    database = settings.database()
    applied = database.migrate()
    with database.transaction() as connection:
        load_packs(connection, rules)
    update_broker(settings, database)
    return applied


def run_ingest(settings: Settings) -> None:
    """Receive and store until stopped."""
    configure_logs(settings.log_level)
    jumps = tuple(rule for rule in site_rules(settings).values() if isinstance(rule, Jump))
    stop, database = stop_on_signals(), settings.database()
    wait_for_schema(database, stop)
    site = make_site_keys(settings.keys, [settings.broker_host], datetime.now(UTC))
    Ingest(
        database=database,
        keys=Keys(LiveRecipients(site.folder / PRIVATE), site.receipt_key()),
        shards=list(settings.ingest_shards),
        consumer=partial(
            Consumer, keys=settings.keys, host=settings.broker_host, port=settings.broker_port
        ),
        stop=stop,
        jumps=jumps,
    ).run()


def run_worker(settings: Settings) -> None:
    """Evaluate, escalate and deliver until stopped."""
    configure_logs(settings.log_level)
    rules, stop, database = site_rules(settings), stop_on_signals(), settings.database()
    wait_for_schema(database, stop)
    dog = Loop(database, stop, Watchdog(settings).look, MESSAGES)
    seal = Loop(database, stop, Seal(settings).look, AUDIT)
    broker = Loop(database, stop, Keeper(settings, database).look, HUBS, poll_s=LOOK_S)
    # These two need a file of the site's. A wrong one keeps nobody from being evaluated.
    files = [messages(settings, database, stop), far_sides(settings, database, stop)]
    ladders = Loop(database, stop, live, TASKS)
    facade = fhir_loops(settings, database, stop)
    with running([ladders, *files, *facade, dog, seal, broker]):
        Worker(database, stop, rules=rules, beside=Alarm(settings.keys).look).run()


def messages(
    settings: Settings, database: Database, stop: threading.Event, again_s: float = AGAIN_S
) -> WhenRight:
    """Return what delivers messages as soon as the site's notifiers.toml is right.

    Until then they wait, as tasks climb: they are sent when it is mended, and the watchdog proves
    nothing, so that whoever looks at it from outside is told.
    """
    file = settings.home / NOTIFIERS

    def loops() -> list[Loop]:
        return [Loop(database, stop, Delivery(read_notifiers(file)).deliver, MESSAGES)]

    return WhenRight(file, "messages_not_sent", loops, stop, again_s=again_s)


@contextmanager
def running(loops: Sequence[Loop | WhenRight]) -> Iterator[None]:
    """Run loops in threads beside the caller; they end by the event that was given to them."""
    threads = [threading.Thread(target=loop.run, name="beside", daemon=True) for loop in loops]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join(2 * POLL_S)


def run_api(settings: Settings) -> None:
    """Answer hubs until stopped. Of the site's private keys it reads the CA's and its own."""
    from gateway.api.serve import serve

    configure_logs(settings.log_level)
    stop, database = stop_on_signals(), settings.database()
    wait_for_schema(database, stop)
    if not stop.is_set():
        serve(settings, database)


def run_console(settings: Settings) -> None:
    """Answer people and programs until stopped."""
    from gateway.web.serve import serve

    configure_logs(settings.log_level)
    if not settings.console_port:
        raise WrongInput("HEARTHLINE_CONSOLE_PORT is 0: no console.")
    stop, database = stop_on_signals(), settings.database()
    wait_for_schema(database, stop)
    if not stop.is_set():
        serve(settings, database)


def run_all(settings: Settings) -> None:
    """Run database, broker, ingest and worker as one process group, until stopped."""
    configure_logs(settings.log_level)
    with _only_one(settings):
        prepare(settings)
        Supervisor(settings, settings.database(), stop_on_signals()).run()


@contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """A second `all` on the same folder would fight the first for its broker. Raises Conflict."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / "all.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(f"Another `hearthline-gateway all` runs in {settings.home}.") from None
        yield
