"""What is probably somebody else's is held, asked about once, and confirmed or refused."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from device_profiles.gatt import sig
from device_profiles.reading import Indication, Kind, Reading, Validity, Value
from gateway.care.dispositions import Disposition, Urgency
from gateway.care.dispositions import Outcome as End
from gateway.care.held import decided
from gateway.care.moves import NotDecided
from gateway.care.tasks import accept_task, complete_task
from gateway.core.acceptance import Reason
from gateway.errors import NotFound
from gateway.ingest.batch import Batch, Outcome
from gateway.storage import quarantine
from gateway.storage.database import Database
from tests.fixtures.site import Site, reading_body
from tests.integration.alerting.homes import one, rows

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
JUMP = Reason.IMPLAUSIBLE_JUMP


def weight(kg: str, at: datetime) -> Reading:
    octets = b"\x00" + int(at.timestamp()).to_bytes(7, "little") + kg.encode()
    return Reading(
        kind=Kind.WEIGHT,
        values=(Value(mdc=188736, unit="kg", number=Decimal(kg)),),
        validity=Validity.VALID,
        octets=(Indication(uuid=sig(0x2A9D), octets=octets),),
    )


def weigh(site: Site, database: Database, *kilograms: str, hour: int = 0) -> Outcome:
    """Let one batch arrive: a weight an hour."""
    sent = []
    for n, kg in enumerate(kilograms):
        at = AT + timedelta(hours=hour + n)
        sent.append(site.envelope(reading_body(site, weight(kg, at), at)))
    return site.accept(database, sent)


def charted(database: Database) -> list[str]:
    found = rows(database, "SELECT number FROM reading_value ORDER BY measured_at")
    return [f"{row['number']:f}" for row in found]


def held(database: Database) -> list[UUID]:
    with database.transaction() as connection:
        return [each.id for each in quarantine.held(connection)]


def say(site: Site, database: Database, id_: UUID, *, confirmed: bool) -> dict[Reason, int]:
    """Decide as the command does."""
    with database.transaction() as connection:
        decided(connection, id_, "Carla Coordinator", datetime.now(UTC), confirmed=confirmed)
        if not confirmed:
            return {}
        outcome = Batch(connection, site.keys).accept([quarantine.take(connection, id_)])
        quarantine.release(connection, id_)
    return outcome.quarantined


def task(database: Database) -> dict[str, Any]:
    return one(database, "SELECT queue, priority, status, rule_key, sentence FROM task")


def test_a_jump_is_held_and_asked_about_once(database: Database, site: Site) -> None:
    assert weigh(site, database, "80", "81").quarantined == {}
    assert weigh(site, database, "60.2", "60.4", hour=20).quarantined == {JUMP: 2}
    assert charted(database) == ["80", "81"]
    assert (
        rows(database, "SELECT FROM duty WHERE measured_at > %s", [AT + timedelta(hours=9)]) == []
    )
    asked = task(database)
    assert (asked["queue"], asked["priority"], asked["status"]) == ("adherence", "P3", "requested")
    assert "is 20.8 kg from the last, 81 kg on" in asked["sentence"]
    # The patient's own next one is charted, whoever stood on the scale between.
    assert weigh(site, database, "80.5", hour=30).quarantined == {}
    assert charted(database) == ["80", "81", "80.5"]


def test_what_is_confirmed_is_charted_and_evaluated(database: Database, site: Site) -> None:
    weigh(site, database, "80")
    weigh(site, database, "60.2", hour=20)
    (id_,) = held(database)
    assert say(site, database, id_, confirmed=True) == {}
    assert (charted(database), held(database)) == (["80", "60.2"], [])
    assert len(rows(database, "SELECT FROM duty")) == 2
    assert task(database)["status"] == "cancelled"
    # It is what the next ones are compared with.
    assert weigh(site, database, "60.5", hour=30).quarantined == {}
    (event,) = rows(database, "SELECT actor FROM alert_event WHERE event = 'reading_confirmed'")
    assert event["actor"] == "Carla Coordinator"


def test_what_is_refused_stays_out_however_often_it_is_told(database: Database, site: Site) -> None:
    weigh(site, database, "80")
    weigh(site, database, "60.2", hour=20)
    (id_,) = held(database)
    say(site, database, id_, confirmed=False)
    assert (charted(database), held(database)) == (["80"], [])
    assert weigh(site, database, "60.2", hour=20).quarantined == {JUMP: 1}
    assert (charted(database), held(database)) == (["80"], [])
    assert task(database)["status"] == "cancelled"
    with pytest.raises(NotFound):
        say(site, database, id_, confirmed=True)


def test_what_is_told_twice_before_it_is_decided_asks_once(database: Database, site: Site) -> None:
    weigh(site, database, "80")
    for _ in range(2):
        weigh(site, database, "60.2", hour=20)
    first, second = held(database)
    assert task(database)["status"] == "requested"
    say(site, database, first, confirmed=True)
    assert task(database)["status"] == "cancelled"
    with database.transaction() as connection:
        outcome = Batch(connection, site.keys).accept([quarantine.take(connection, second)])
    assert (outcome.duplicates, outcome.quarantined) == (1, {})
    assert charted(database) == ["80", "60.2"]


def test_a_stored_reading_is_never_held_when_it_is_told_again(
    database: Database, site: Site
) -> None:
    weigh(site, database, "80", hour=20)
    weigh(site, database, "60.2")  # earlier, and known later: nothing was before it
    assert weigh(site, database, "80", hour=20).duplicates == 1
    assert held(database) == []


def test_a_task_waits_for_all_that_it_asks_about(database: Database, site: Site) -> None:
    weigh(site, database, "80")
    weigh(site, database, "60.2", "60.4", hour=20)
    first, second = held(database)
    say(site, database, first, confirmed=False)
    assert task(database)["status"] == "requested"
    say(site, database, second, confirmed=False)
    assert task(database)["status"] == "cancelled"


@pytest.mark.parametrize("confirmed", [True, False])
def test_its_task_is_completed_only_with_an_answer(
    database: Database, site: Site, confirmed: bool
) -> None:
    weigh(site, database, "80")
    weigh(site, database, "60.2", hour=20)
    (id_,) = held(database)
    found = one(database, "SELECT id FROM task")["id"]
    ended = Disposition(urgency=Urgency.SELF_CARE, outcome=End.NO_ACTION, actionable=False)
    with database.transaction() as connection:
        accept_task(connection, found, "nurse", AT)
        with pytest.raises(NotDecided, match=rf"\(/held\).* quarantine confirm {id_}"):
            complete_task(connection, found, "nurse", ended, AT)
    assert (task(database)["status"], held(database)) == ("accepted", [id_])
    say(site, database, id_, confirmed=confirmed)
    with database.transaction() as connection:
        complete_task(connection, found, "nurse", ended, AT)
    assert task(database)["status"] == "completed"


def test_in_one_batch_the_own_ones_count(database: Database, site: Site) -> None:
    assert weigh(site, database, "80", "60", "80.2").quarantined == {JUMP: 1}
    assert charted(database) == ["80", "80.2"]
