"""No reading: each cause is another task in another queue, and only one of them the patient's."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from alerting.silence import Schedule
from device_profiles.wire.body import DeviceState, StatusBody
from device_profiles.wire.v1 import Class
from gateway.care.silence import look_for_silence
from gateway.care.troubles import look_for_troubles
from gateway.storage.database import Database
from gateway.storage.homes import HubRow, NewPairing, find_hub, pair_device
from gateway.storage.schedules import (
    end_schedule,
    operator_lines,
    schedules,
    set_programme_schedule,
    set_schedule,
    silences,
)
from gateway.storage.suppressed import list_suppressed
from tests.fixtures.site import Site, blood_pressure, make_site
from tests.integration.alerting.homes import rows, take

VIENNA = ZoneInfo("Europe/Vienna")
TODAY = datetime.now(VIENNA).date()
START = datetime.combine(TODAY - timedelta(days=40), time(12), VIENNA).astimezone(UTC)
TASKS = """
SELECT rule_key, queue, priority, status, device_id, patient_id, sentence FROM task
ORDER BY created_at, rule_key"""


def day(count: int, hours: float = 6.5) -> datetime:
    """Return a moment of the day so long after the start, when the day before is over."""
    wall = datetime.combine(TODAY - timedelta(days=40 - count), time(), VIENNA)
    return wall.astimezone(UTC) + timedelta(hours=hours)


def expect(database: Database, site: Site, measure: str = "blood_pressure") -> None:
    with database.transaction() as connection:
        set_schedule(connection, site.patient, measure, Schedule(START), "C. Care", "programme")


def beat(
    site: Site,
    database: Database,
    now: datetime,
    problem: str | None = None,
    battery: int | None = None,
) -> None:
    """Let a heartbeat arrive at a moment."""
    status = StatusBody(
        at=now,
        version="1",
        boot=uuid4(),
        spool_waiting=0,
        spool_bytes=0,
        oldest=0,
        hub_clock_ok=True,
        devices=(DeviceState(device=site.cuff, problem=problem, battery_percent=battery),),
    )
    site.accept(database, [site.envelope(status, class_=Class.STATUS)])
    rows(
        database,
        "UPDATE hub_status SET received_at = %s WHERE hub_id = %s RETURNING 1",
        [now, site.hub],
    )


def look(database: Database, now: datetime) -> None:
    for work in (look_for_troubles, look_for_silence):
        with database.transaction() as connection:
            work(connection, now)


def told(database: Database) -> list[tuple[Any, ...]]:
    return [
        (row["rule_key"], row["queue"], row["priority"], row["status"])
        for row in rows(database, TASKS)
    ]


def silence(database: Database) -> Any:
    with database.transaction() as connection:
        (found,) = silences(connection)
    return found


def test_a_patient_who_does_not_measure_is_adherence(database: Database, site: Site) -> None:
    expect(database, site)
    for count in range(2, 5):
        beat(site, database, day(count))
        look(database, day(count))
        if count == 2:
            found = silence(database)
            assert (found.step, found.missed, found.remind_at) == ("remind", 1, day(2))
            assert told(database) == []
    assert told(database) == [("adherence:blood_pressure", "adherence", "P4", "requested")]
    (task,) = rows(database, TASKS)
    assert task["sentence"].startswith("No valid blood pressure reading on 3 scheduled days")
    beat(site, database, day(5))
    look(database, day(5))
    assert len(told(database)) == 1
    at = day(5, 9)
    take(site, database, (blood_pressure(120, 80, at), at))
    beat(site, database, day(5, 10))
    look(database, day(5, 10))
    assert told(database) == [("adherence:blood_pressure", "adherence", "P4", "cancelled")]
    beat(site, database, day(27))
    look(database, day(27))
    assert [row[0] for row in told(database)][1:] == [
        "adherence:blood_pressure",
        "review:blood_pressure",
    ]


def test_a_lost_bond_is_technical_and_suppresses(database: Database, site: Site) -> None:
    expect(database, site)
    beat(site, database, day(2), problem="bond_lost")
    look(database, day(2))
    beat(site, database, day(4), problem="bond_lost")
    look(database, day(4))
    assert told(database) == [("device:bond_lost", "technical", "P3", "requested")]
    found = silence(database)
    assert (found.step, found.held, found.held_by) == ("nothing", "task", "device")
    with database.transaction() as connection:
        (held,) = list_suppressed(connection)
    assert (held.rule_key, held.what) == ("adherence:blood_pressure", "technical")
    assert "battery, bond or clock" in held.reason


def test_an_empty_battery_is_technical_until_it_is_changed(database: Database, site: Site) -> None:
    expect(database, site)
    expect(database, site, "weight")
    beat(site, database, day(4), battery=7)
    look(database, day(4))
    # The cuff's battery does not keep anybody from the scales.
    assert sorted(told(database)) == [
        ("adherence:weight", "adherence", "P4", "requested"),
        ("trouble:battery_low", "technical", "P3", "requested"),
    ]
    beat(site, database, day(4, 8), battery=100)
    look(database, day(4, 8))
    assert ("trouble:battery_low", "technical", "P3", "cancelled") in told(database)
    # Excused is the day of the trouble; the days before it were the patient's.
    beat(site, database, day(4, 10))
    look(database, day(4, 10))
    assert ("adherence:blood_pressure", "adherence", "P4", "requested") in told(database)


def test_a_hub_offline_is_one_task_for_all_that_is_paired(database: Database, site: Site) -> None:
    other = make_site(database)
    with database.transaction() as connection:
        hub: HubRow = find_hub(connection, site.hub)
        scale = NewPairing("C0:FF:EE:00:00:99", "generic_scale", site.patient, None, START)
        pair_device(connection, hub, scale)
    for measure in ("blood_pressure", "weight"):
        expect(database, site, measure)
    beat(site, database, day(1))
    for count in (1, 2, 3, 4, 5):
        beat(other, database, day(count))
        look(database, day(count))
    assert told(database) == [("hub:offline", "technical", "P3", "requested")]
    with database.transaction() as connection:
        assert {row.held_by for row in silences(connection)} == {"hub"}
    # Heard again, and what it kept has had its time: the days stay excused.
    beat(site, database, day(5, 8))
    beat(other, database, day(5, 8))
    look(database, day(5, 8))
    assert told(database) == [("hub:offline", "technical", "P3", "cancelled")]
    look(database, day(5, 9.5))
    assert len(told(database)) == 1


def test_what_is_wrong_on_our_side_is_the_operators(database: Database, site: Site) -> None:
    other = make_site(database)
    expect(database, site)
    for home in (site, other):
        beat(home, database, day(1))
    look(database, day(4))
    assert told(database) == []
    with database.transaction() as connection:
        assert {row["what"] for row in operator_lines(connection)} == {"nothing_arrives"}
    assert silence(database).held_by == "ours"
    # Everybody has time to come back before anybody is taken for offline.
    beat(other, database, day(4, 7))
    look(database, day(4, 7))
    assert told(database) == []
    with database.transaction() as connection:
        assert operator_lines(connection) == []


def test_what_is_held_in_quarantine_is_the_operators(database: Database, site: Site) -> None:
    expect(database, site)
    for count in range(1, 4):
        site.accept(database, [site.envelope(b'{"type": "of next year"}')])
        moved = "UPDATE quarantine SET received_at = %s WHERE seq = %s RETURNING 1"
        rows(database, moved, [day(count), site.seq])
    beat(site, database, day(4))
    look(database, day(4))
    assert told(database) == []
    with database.transaction() as connection:
        (line,) = operator_lines(connection)
    assert (line["what"], line["hub_id"]) == ("held", site.hub)


def test_members_of_a_programme_have_its_schedule_until_they_leave(
    database: Database, site: Site
) -> None:
    (programme,) = rows(
        database,
        "INSERT INTO programme (organisation_id, key, title, packs, author, created_at)"
        " VALUES (%s, 'heart', 'Heart', '{}', 'P', %s) RETURNING id",
        [site.organisation, START],
    )
    with database.transaction() as connection:
        for measure in ("weight", "blood_pressure"):
            set_programme_schedule(
                connection, site.organisation, "heart", measure, Schedule(START), "P", "pack"
            )
        weekly = Schedule(START, days=frozenset({1}))
        set_schedule(connection, site.patient, "weight", weekly, "C. Care", "as agreed")
    member = (
        "INSERT INTO programme_member (organisation_id, programme_id, patient_id, since, author,"
        " reason) VALUES (%s, %s, %s, %s, 'P', 'referred') RETURNING id"
    )
    rows(database, member, [site.organisation, programme["id"], site.patient, day(1)])

    def expected() -> dict[str, list[int]]:
        with database.transaction() as connection:
            return {row["measure"]: row["days"] for row in schedules(connection, site.patient)}

    look(database, day(2))
    assert expected() == {"blood_pressure": [1, 2, 3, 4, 5, 6, 7], "weight": [1]}
    with database.transaction() as connection:
        end_schedule(connection, site.patient, "blood_pressure", day(3))
    look(database, day(4))
    assert expected() == {"weight": [1]}
    rows(database, "UPDATE programme_member SET until = %s RETURNING 1", [day(5)])
    look(database, day(6))
    assert expected() == {"weight": [1]}
