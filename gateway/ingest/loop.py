"""The ingest process: own shards by advisory lock, drain, commit, acknowledge, receipt.

One connection holds the locks and runs the batches: when it is lost, so are the locks, and the
process leaves MQTT until it has both again. What was not acknowledged stays with the broker, and
what the broker loses stays with the hubs.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

import psycopg
import structlog

from alerting.rules.jump import Jump
from device_profiles.wire.v1 import Receipt, shard, topic_down, write_receipt
from gateway.core.acceptance import Delivery, Reason
from gateway.core.shards import SHARDS
from gateway.errors import ConnectionLost
from gateway.ingest.again import due_again, forget, try_again
from gateway.ingest.batch import Batch, Keys, Outcome
from gateway.ingest.consumer import RECEIVE_MAXIMUM, Consumer, Received
from gateway.storage.database import Connection, Database

# A batch's transaction stays short, and little is done again when it fails.
BATCH: Final = 200
# Received and not committed, of all shards: more than the broker may send, so that nobody waits at
# a full inbox while the database stands still. Mosquitto 2.0.11 sent 43,000 from a long queue.
MOST_RECEIVED: Final = (len(SHARDS) + 1) * RECEIVE_MAXIMUM
# How long a standby waits before it asks again for shards that another process owns.
LOCK_EVERY_S: Final = 1.0
FIRST_RETRY_S: Final = 0.5
LONGEST_RETRY_S: Final = 10.0
LOCK_CLASS: Final = 0x484C  # 'HL'

log = structlog.get_logger()

Inbox = queue.Queue[Received]


# SQLSTATE classes that speak of the server, not of what it was asked: connection, resources,
# operator, system; and a server that only reads. Everything else is the message's own fault.
SERVER_CLASSES: Final = ("08", "53", "57", "58", "25006")


def lost(error: BaseException) -> bool:
    """Say whether an error means that the database is away, so that all must wait for it."""
    if isinstance(error, psycopg.Error) and error.sqlstate:
        return error.sqlstate.startswith(SERVER_CLASSES)
    return isinstance(error, ConnectionLost | psycopg.OperationalError | psycopg.InterfaceError)


class Ingest:
    """Runs until `stop` is set. `consumer` makes the MQTT session of one shard.

    `jumps` replaces the shipped packs' rules for what is held.
    """

    def __init__(
        self,
        database: Database,
        keys: Keys,
        shards: Sequence[str],
        consumer: Callable[[str, Inbox], Consumer],
        stop: threading.Event,
        *,
        jumps: Sequence[Jump] | None = None,
    ) -> None:
        self._database = database
        self._keys = keys
        self._jumps = jumps
        self._shards = shards
        self._make_consumer = consumer
        self._stop = stop
        self._inbox: Inbox = queue.Queue(MOST_RECEIVED)
        self._consumers: dict[str, Consumer] = {}
        self._look_at = 0.0

    def run(self) -> None:
        """Work until stopped; a lost database is waited for."""
        retry = FIRST_RETRY_S
        while not self._stop.is_set():
            try:
                with self._database.connect(autocommit=True) as connection:
                    retry = FIRST_RETRY_S
                    self._serve(connection)
            except (ConnectionLost, psycopg.Error) as error:
                if not lost(error):
                    raise
                log.warning("database_lost", error=type(error).__name__, retry_s=retry)
                self._stop.wait(retry)
                retry = min(2 * retry, LONGEST_RETRY_S)
            finally:
                self._leave()

    def _serve(self, connection: Connection) -> None:
        while not self._stop.is_set():
            self._take_shards(connection)
            received = self._drain()
            if received:
                self._handle(connection, received)
            # Also that an idle owner notices that its locks are gone.
            if not received or time.monotonic() >= self._look_at:
                self._look_at = time.monotonic() + LOCK_EVERY_S
                self._try_again(connection)

    def _take_shards(self, connection: Connection) -> None:
        free = [name for name in self._shards if name not in self._consumers]
        for name in free:
            row = connection.execute(
                "SELECT pg_try_advisory_lock(%s, %s) AS mine", [LOCK_CLASS, int(name, 16)]
            ).fetchone()
            if row and row["mine"]:
                self._consumers[name] = self._make_consumer(name, self._inbox)
                self._consumers[name].start()

    def _drain(self) -> list[Received]:
        """Wait for one message, then take what is there: batches grow with the load."""
        try:
            received = [self._inbox.get(timeout=LOCK_EVERY_S)]
        except queue.Empty:
            return []
        while len(received) < BATCH:
            try:
                received.append(self._inbox.get_nowait())
            except queue.Empty:
                break
        return received

    def _handle(self, connection: Connection, received: Sequence[Received]) -> None:
        for outcome in self._commit(connection, [one.delivery for one in received]):
            _report(outcome)
            for receipt in outcome.receipts:
                self._send(receipt)
        for one in received:
            one.acknowledge()

    def _commit(self, connection: Connection, deliveries: Sequence[Delivery]) -> list[Outcome]:
        try:
            return [self._transact(connection, deliveries)]
        except Exception as error:
            if lost(error):
                raise
            # One of them cannot be stored: each alone, so that the poison blocks nobody.
            log.warning("batch_split", size=len(deliveries), error=type(error).__name__)
            return [self._alone(connection, delivery) for delivery in deliveries]

    def _alone(self, connection: Connection, delivery: Delivery) -> Outcome:
        try:
            return self._transact(connection, [delivery])
        except Exception as error:
            if lost(error):
                raise
            # Kept in quarantine, with this reason; the error's text may quote what it says.
            log.warning("envelope_failed", error=type(error).__name__)
            return self._transact(connection, [delivery], force=Reason.INTERNAL)

    def _transact(
        self,
        connection: Connection,
        deliveries: Sequence[Delivery],
        force: Reason | None = None,
    ) -> Outcome:
        with connection.transaction():
            return Batch(connection, self._keys, self._jumps).accept(deliveries, force)

    def _try_again(self, connection: Connection) -> None:
        """Take what people have said of readings that were held."""
        for id_ in due_again(connection):
            try:
                with connection.transaction():
                    outcome = try_again(connection, self._keys, self._jumps, id_)
            except Exception as error:
                if lost(error):
                    raise
                log.warning("envelope_failed", error=type(error).__name__)
                forget(connection, id_)
            else:
                for receipt in outcome.receipts if outcome else ():
                    self._send(receipt)

    def _send(self, receipt: Receipt) -> None:
        consumer = self._consumers.get(shard(receipt.hub))
        if consumer:
            message = write_receipt(receipt, self._keys.receipts)
            consumer.publish(topic_down(receipt.hub), message)

    def _leave(self) -> None:
        for consumer in self._consumers.values():
            consumer.stop()
        self._consumers.clear()
        while not self._inbox.empty():
            self._inbox.get_nowait()


def _report(outcome: Outcome) -> None:
    log.debug(
        "batch_committed",
        stored=outcome.stored,
        duplicates=outcome.duplicates,
        redelivered=outcome.redelivered,
    )
    for reason, count in outcome.quarantined.items():
        log.warning("quarantined", reason=str(reason), count=count)
