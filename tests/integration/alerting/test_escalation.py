"""Whoever has to be told is told: steps, taking, failures, quiet hours, floods; by a set clock."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from alerting.on_call import Schedule, StandIn
from alerting.pipeline.escalate import To
from alerting.ports import Message, Outcome, Policy, Refused, Retry
from gateway.app import running
from gateway.care.deliver import Delivery
from gateway.care.live_test import tell_everybody
from gateway.care.tasks import accept_task, show_task
from gateway.care.technical import Whose, open_task
from gateway.errors import WrongInput
from gateway.life import MESSAGES, TASKS, Loop, live
from gateway.storage.database import Database
from gateway.storage.rosters import add_stand_in
from tests.fixtures.site import make_site
from tests.integration.alerting.homes import one, rows, take_glucoses, take_pressures, until
from tests.integration.alerting.life import Clinic, Post, person


@pytest.fixture
def clinic(embedded_database: Database) -> Clinic:
    return Clinic(embedded_database, make_site(embedded_database))


def task_of(clinic: Clinic) -> UUID:
    found: UUID = one(clinic.database, "SELECT id FROM task")["id"]
    return found


def hypo(clinic: Clinic) -> None:
    """Open a P1 task."""
    take_glucoses(clinic.site, clinic.database, ("50", 1))
    clinic.evaluate()
    clinic.live()


def test_p1_climbs_to_the_default_and_the_banner_until_somebody_takes_it(clinic: Clinic) -> None:
    clinic.roster()
    hypo(clinic)
    assert clinic.told() == ["nurse new P1 1"]
    clinic.wait(minutes=4, seconds=59)
    assert clinic.told() == []
    clinic.wait(seconds=1)
    assert clinic.told() == ["nurse reminder P1 1"]
    clinic.wait(minutes=5)
    assert sorted(clinic.told()) == ["lead reminder P1 1", "nurse reminder P1 1"]
    banner = "SELECT banner FROM escalation"
    assert one(clinic.database, banner) == {"banner": False}
    for _ in range(3):
        clinic.wait(minutes=5)
        assert clinic.told() == ["lead overdue P1 1"]
        assert one(clinic.database, banner) == {"banner": True}
    with clinic.database.transaction() as connection:
        accept_task(connection, task_of(clinic), "nurse", clinic.now)
    clinic.wait(minutes=0)
    assert one(clinic.database, banner) == {"banner": False}
    clinic.wait(minutes=4, seconds=59)
    assert clinic.told() == []
    clinic.wait(seconds=1)  # half an hour after it was given, and not closed
    assert clinic.told() == ["lead overdue P1 1"]
    with clinic.database.transaction() as connection:
        told = [line.event for line in show_task(connection, task_of(clinic)).history]
    assert told.count("told") == 7
    assert told.count("notified") == 8


def test_nothing_is_sent_that_was_taken_meanwhile(clinic: Clinic) -> None:
    clinic.roster()
    take_glucoses(clinic.site, clinic.database, ("50", 1))
    clinic.evaluate()
    with clinic.database.connect(autocommit=True) as connection:
        live(connection, clinic.now)
        accept_task(connection, task_of(clinic), "nurse", clinic.now)
    clinic.live()
    assert clinic.told() == []
    assert one(clinic.database, "SELECT state FROM notification") == {"state": "cancelled"}


def test_what_cannot_be_delivered_is_tried_again_and_then_goes_up_the_ladder(
    clinic: Clinic,
) -> None:
    clinic.roster()
    clinic.post.answers = [ConnectionError("to +43 660 1234567"), Retry("busy", timedelta(0))]
    hypo(clinic)
    row = one(clinic.database, "SELECT attempts, error, next_action_at FROM notification")
    waits = clinic.now + timedelta(seconds=5)
    assert row == {"attempts": 1, "error": "ConnectionError", "next_action_at": waits}
    clinic.post.answers += [Retry("busy")] * 3
    for seconds in (5, 10, 20):
        clinic.wait(seconds=seconds)
    assert clinic.told() == []
    clinic.wait(seconds=40)  # the fifth failed: the next step does not wait for its 5 minutes
    assert clinic.told() == ["nurse reminder P1 1"]
    states = "SELECT state, error FROM notification ORDER BY created_at"
    assert rows(clinic.database, states)[0] == {"state": "dead", "error": "busy"}
    clinic.post.answers = [Refused("no such number"), Refused("no such number")]
    clinic.wait(minutes=5)  # nurse and lead refused: there is no step, so the banner comes in time
    clinic.wait(minutes=5)
    assert clinic.told() == ["lead overdue P1 1"]


def test_who_has_no_address_is_passed_over_at_once_and_told_of(clinic: Clinic) -> None:
    clinic.roster(persons={"nurse": person("nurse", ()), "lead": person("lead")})
    hypo(clinic)
    assert clinic.told() == ["lead reminder P1 1"]
    queue = "SELECT count(*) AS n FROM notification WHERE address = 'queue:clinical'"
    assert one(clinic.database, queue) == {"n": 2}
    events = "SELECT count(*) AS n FROM alert_event WHERE event = 'nobody_to_tell'"
    assert one(clinic.database, events) == {"n": 2}


def test_without_a_roster_the_console_has_it(clinic: Clinic) -> None:
    hypo(clinic)
    found = one(clinic.database, "SELECT channel, address, state, purpose FROM notification")
    assert list(found.values()) == ["console", "queue:clinical", "sent", "new"]
    clinic.wait(minutes=5)
    clinic.wait(minutes=5)
    clinic.wait(minutes=5)
    assert one(clinic.database, "SELECT banner FROM escalation") == {"banner": True}


def test_several_alerts_of_a_patient_are_one_message_unless_one_is_worse(clinic: Clinic) -> None:
    clinic.roster(policy=Policy.TITLE)
    take_pressures(clinic.site, clinic.database, (185, 125, 1))  # two of P2
    clinic.evaluate()
    clinic.live()
    (message,) = clinic.post.sent
    assert (message.tasks, message.priority, message.queue) == (2, "P2", "clinical")
    assert message.title in ("Systolic pressure very high", "Diastolic pressure very high")
    grouped = one(clinic.database, "SELECT what, reason FROM suppression")
    assert grouped == {"what": "grouped", "reason": "told with another P2 task"}
    clinic.told()
    clinic.wait(minutes=1)
    hypo(clinic)
    assert clinic.told() == ["nurse new P1 1"]


def technical(clinic: Clinic, count: int) -> None:
    """Open P3 tasks of as many patients' homes."""
    with clinic.database.transaction() as connection:
        for _ in range(count):
            patient = connection.execute(
                "INSERT INTO patient (id, organisation_id, name, timezone)"
                " VALUES (%s, %s, 'P', 'UTC') RETURNING id",
                [uuid4(), clinic.site.organisation],
            ).fetchall()[0]["id"]
            whose = Whose(clinic.site.organisation, patient, UTC)  # type: ignore[arg-type]
            open_task(connection, whose, "device:x", "A device", "Look at it.", clinic.now)


def test_a_flood_of_little_things_becomes_one_digest(clinic: Clinic) -> None:
    clinic.roster(digest={"most": 3})
    clinic.now = datetime(2026, 11, 18, 12, 10, tzinfo=UTC)
    technical(clinic, 8)
    clinic.live()
    assert clinic.told() == ["nurse new P3 1"] * 3
    held = "SELECT what, count(*) AS n FROM suppression WHERE ended_at IS NULL GROUP BY what"
    assert rows(clinic.database, held) == [{"what": "digest", "n": 5}]
    clinic.wait(minutes=49)
    assert clinic.told() == []
    clinic.wait(minutes=1)
    assert clinic.told() == ["nurse digest P3 5"]
    assert rows(clinic.database, held) == []


def test_quiet_hours_hold_p3_back_and_never_p1(clinic: Clinic) -> None:
    clinic.roster(timezone="Europe/Vienna", quiet={"begins": "21:00", "ends": "07:00"})
    clinic.now = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)  # midnight; the clock is set at 3
    technical(clinic, 1)
    hypo(clinic)
    assert clinic.told() == ["nurse new P1 1"]
    quiet = one(clinic.database, "SELECT what, until FROM suppression WHERE ended_at IS NULL")
    assert quiet == {"what": "quiet", "until": datetime(2026, 10, 25, 6, 0, tzinfo=UTC)}
    clinic.now = quiet["until"]
    clinic.live()
    assert "nurse new P3 1" in clinic.told()


def test_on_call_is_who_has_it_when_the_step_comes(clinic: Clinic) -> None:
    start = datetime(2026, 11, 23, 7, 57, tzinfo=UTC)  # three minutes before the hand-over
    clinic.roster(
        persons={name: person(name) for name in ("Ada", "Ben", "Cy", "lead")},
        schedules={"nights": Schedule(persons=("Ada", "Ben"), starts=date(2026, 11, 16))},
        routes=[{"to": To(kind="on_call", name="nights")}],
    )
    clinic.now = start
    hypo(clinic)
    clinic.wait(minutes=5)
    assert clinic.told() == ["Ada new P1 1", "Ben reminder P1 1"]
    with clinic.database.transaction() as connection:
        today = StandIn("nights", date(2026, 11, 23), "Cy", "swapped")
        add_stand_in(connection, clinic.site.organisation, today, "lead", clinic.now)
        unknown = StandIn("nights", date(2026, 11, 23), "Nobody")
        with pytest.raises(WrongInput, match="No person"):
            add_stand_in(connection, clinic.site.organisation, unknown, "lead", clinic.now)
        assert tell_everybody(connection, clinic.site.organisation, clinic.now) == 4
    clinic.wait(minutes=5)
    told = clinic.told()
    assert {"Cy reminder P1 1", "lead reminder P1 1"} <= set(told)
    assert sum("test" in line for line in told) == 4


class Bell(Post):
    """A post that a test can wait for."""

    def __init__(self) -> None:
        super().__init__()
        self.rang = threading.Event()

    def send(self, message: Message) -> Outcome:
        outcome = super().send(message)
        self.rang.set()
        return outcome


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_the_loops_run_beside_the_worker_and_are_woken(
    clinic: Clinic, stop: threading.Event
) -> None:
    clinic.roster()
    bell, database, clinic.now = Bell(), clinic.database, datetime.now(UTC)
    loops = [
        Loop(database, stop, live, TASKS, poll_s=60),
        Loop(database, stop, Delivery({"sms": bell}).deliver, MESSAGES, poll_s=60),
    ]
    listening = """SELECT count(*) AS n FROM pg_stat_activity WHERE state = 'idle'
        AND datname = current_database() AND position('LISTEN' IN query) = 0"""
    with running(loops):
        until(lambda: one(database, listening)["n"] >= 2)
        take_glucoses(clinic.site, database, ("50", 1))
        clinic.evaluate()
        assert bell.rang.wait(30)
        stop.set()
        with database.connect(autocommit=True) as connection:
            connection.execute("NOTIFY task")
            connection.execute("NOTIFY notification")
    assert [message.address for message in bell.sent] == ["nurse"]
