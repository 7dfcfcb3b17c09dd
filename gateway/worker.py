"""The worker: sees that every stored reading is evaluated, once, whichever process dies when.

A duty lies beside each reading until the transaction that evaluates it. Patients who wait are
evaluated together, which spares round trips; several workers share them, each with patients of its
own. Where that fails, each is tried alone, and where a patient fails, the readings one by one: what
fails is told, tried again later, and holds nobody up.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import psycopg
import structlog

from alerting.model import Rule
from gateway.care.devices import look_after_devices
from gateway.care.ended_rules import EndedRules
from gateway.care.evaluate import evaluate_patients
from gateway.care.holes import look_for_holes
from gateway.care.retention import delete_old
from gateway.care.silence import look_for_silence
from gateway.care.troubles import look_for_troubles
from gateway.errors import ConnectionLost
from gateway.storage.database import Connection, Database
from gateway.storage.duties import Waits, due, failed, lock_first, waiting
from gateway.storage.rules import load_packs

# A notification wakes the worker; polling is for the ones that are lost, and for retries.
POLL_S: Final = 1.0
# Evaluated together, in one transaction: so many patients, fewer where they have many readings.
PATIENTS: Final = 50
READINGS: Final = 200
# Looked at to find those whom no other worker has: as many as ten workers have.
QUEUE: Final = 10 * PATIENTS
# Where other workers had all who wait, there may be more to do sooner than anybody says.
CROWDED_S: Final = 0.2
# Who comes alone is evaluated at once; what comes so soon after is evaluated together.
TOGETHER_S: Final = 0.05
# Of a patient who fails, so many readings are tried one by one before the next patient's turn.
ONE_BY_ONE: Final = 50
FIRST_RETRY_S: Final = 0.5
LONGEST_RETRY_S: Final = 10.0
Aside = Callable[[Connection, datetime], int]

MINUTE: Final = timedelta(minutes=1)
# What is not about readings that came, and how often it is done.
ASIDE: Final[Mapping[Aside, timedelta]] = {
    look_after_devices: timedelta(seconds=1),
    look_for_holes: MINUTE,
    look_for_troubles: MINUTE,
    look_for_silence: MINUTE,
    delete_old: timedelta(hours=1),
}

log = structlog.get_logger()


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class Worker:
    """Runs until `stop` is set. `rules` replaces the packs that come with the programme.

    `beside` is done every minute, too.
    """

    def __init__(
        self,
        database: Database,
        stop: threading.Event,
        *,
        rules: Mapping[str, Rule] | None = None,
        clock: Callable[[], datetime] = utc_now,
        poll_s: float = POLL_S,
        beside: Aside | None = None,
    ) -> None:
        self._database = database
        self._stop = stop
        self._given = rules
        self._clock = clock
        self._poll_s = poll_s
        self._began = clock()
        self._always = {**ASIDE, beside: MINUTE} if beside else ASIDE
        self._works: Mapping[Aside, timedelta] = self._always
        self._next: dict[Aside, datetime] = {}
        self._somebody_waits = False

    def run(self) -> None:
        """Work until stopped; a lost database is waited for."""
        retry = FIRST_RETRY_S
        while not self._stop.is_set():
            try:
                with self._database.connect(autocommit=True) as connection:
                    retry = FIRST_RETRY_S
                    self._serve(connection)
            except (ConnectionLost, psycopg.OperationalError, psycopg.InterfaceError) as error:
                log.warning("database_lost", error=type(error).__name__, retry_s=retry)
                self._stop.wait(retry)
                retry = min(2 * retry, LONGEST_RETRY_S)

    def _serve(self, connection: Connection) -> None:
        with connection.transaction():
            rules = load_packs(connection, self._given)
        self._works = {**self._always, EndedRules(rules, self._began).look: MINUTE}
        self._next.clear()
        connection.execute("LISTEN duty")
        log.info("worker_started", rules=len(rules))
        while not self._stop.is_set():
            began = time.monotonic()
            if self.drain(connection, rules):
                self._stop.wait(max(0.0, began + TOGETHER_S - time.monotonic()))
            else:
                pause = CROWDED_S if self._somebody_waits else self._poll_s
                self._wait(connection, min(pause, self._poll_s))

    def drain(self, connection: Connection, rules: Mapping[str, Rule]) -> int:
        """Evaluate a batch of patients; return how many readings were evaluated."""
        now = self._clock()
        for work, every in self._works.items():
            if now >= self._next.get(work, now):
                self._next[work] = now + every
                self._aside(connection, work)
        queue = waiting(connection, self._clock(), QUEUE)
        self._somebody_waits = bool(queue)
        return self._together(connection, rules, queue) if queue else 0

    def _aside(self, connection: Connection, work: Aside) -> None:
        """Do what is not about readings; they never wait for it, whatever goes wrong."""
        try:
            with connection.transaction():
                work(connection, self._clock())
        except Exception as error:
            if connection.broken:
                raise
            log.error("not_looked_after", work=work.__name__, error=type(error).__name__)  # noqa: TRY400

    def _together(
        self, connection: Connection, rules: Mapping[str, Rule], queue: Sequence[Waits]
    ) -> int:
        """Evaluate the first who are free in one transaction; where that fails, one by one."""
        patients: list[UUID] = []
        try:
            with connection.transaction():
                patients = lock_first(connection, queue, PATIENTS, READINGS)
                if not patients:
                    return 0
                now = self._clock()
                count = evaluate_patients(connection, rules, patients, now, locked=True)
        except Exception as error:
            if connection.broken:
                raise
            # Whatever it was, the others must go on; the text may quote a value and is not kept.
            name = type(error).__name__
            if len(patients) == 1:
                log.warning("patient_failed", patient=str(patients[0]), error=name)
                return self._each(connection, rules, patients[0])
            log.warning("patients_failed", patients=len(patients), error=name)
            return sum(self._together(connection, rules, [Waits(each)]) for each in patients)
        if count:
            log.info("evaluated", patients=len(patients), readings=count)
        return count

    def _each(self, connection: Connection, rules: Mapping[str, Rule], patient: UUID) -> int:
        readings = due(connection, patient, self._clock(), ONE_BY_ONE)
        return sum(self._one(connection, rules, patient, each) for each in readings)

    def _one(
        self, connection: Connection, rules: Mapping[str, Rule], patient: UUID, reading: UUID
    ) -> int:
        """Evaluate one reading as if the others that wait had not arrived."""
        now = self._clock()
        try:
            with connection.transaction():
                return evaluate_patients(connection, rules, [patient], now, only=reading)
        except Exception as error:
            if connection.broken:
                raise
            name = type(error).__name__
            log.error(  # noqa: TRY400
                "evaluation_failed", patient=str(patient), reading=str(reading), error=name
            )
            with connection.transaction():
                failed(connection, reading, name, now)
            return 0

    def _wait(self, connection: Connection, seconds: float) -> None:
        for _ in connection.notifies(timeout=seconds, stop_after=1):
            return
