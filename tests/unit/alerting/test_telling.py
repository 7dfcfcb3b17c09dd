"""Whom, once or twice, and when: route, group, quiet hours, digest."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from alerting.errors import PackError
from alerting.model import Severity
from alerting.on_call import Schedule, StandIn
from alerting.pipeline.escalate import To
from alerting.pipeline.group import Group, Joined, Recent
from alerting.pipeline.inhibit import What
from alerting.pipeline.notify import Notify, quiet_until
from alerting.pipeline.route import Directory, Matter, Recipient, Routed, console
from alerting.roster import Contact, Person, Quiet, Roster, Route, default_roster, read_roster
from tests.unit.alerting.make import NOON

VIENNA = ZoneInfo("Europe/Vienna")
ROUTED = To(kind="routed")
ROSTER = Roster(
    timezone="Europe/Vienna",
    persons={
        "Ada": Person(
            contacts=(
                Contact(channel="voice", address="+430000001", down_to=Severity.P1),
                Contact(channel="sms", address="+430000001", down_to=Severity.P2),
                Contact(channel="email", address="ada@clinic.example"),
            ),
            language="es",
        ),
        "Ben": Person(contacts=(Contact(channel="email", address="ben@clinic.example"),)),
        "Cy": Person(),
    },
    teams={"field": ("Ben", "Cy")},
    schedules={"nights": Schedule(persons=("Ada", "Ben"), starts=date(2026, 11, 16))},
    routes=(
        Route(to=To(kind="team", name="field"), queue="technical"),
        Route(to=To(kind="person", name="Cy"), rule="weight_gain"),
        Route(to=To(kind="on_call", name="nights")),
    ),
    default=To(kind="person", name="Ben"),
    ladders=default_roster().ladders,
    quiet=Quiet(begins=time(21), ends=time(7)),
)


def told(matter: Matter, *to: To, roster: Roster = ROSTER, **stand_ins: StandIn) -> list[str]:
    directory = Directory(roster, {name: (each,) for name, each in stand_ins.items()})
    return [f"{r.person} {r.channel}" for r in Routed(directory, matter)(to or (ROUTED,), NOON)]


def clinical(priority: str, rule: str = "glucose_low") -> Matter:
    return Matter("clinical", Severity(priority), rule)


def test_a_route_goes_by_queue_rule_and_priority_to_a_person_at_this_moment() -> None:
    assert told(clinical("P1")) == ["Ada voice", "Ada sms", "Ada email"]
    assert told(clinical("P2")) == ["Ada sms", "Ada email"]
    assert told(clinical("P3")) == ["Ada email"]
    assert told(Matter("technical", Severity.P3, "device:bond_lost")) == ["Ben email"]
    assert told(clinical("P2", "weight_gain")) == []  # somebody without an address
    today = StandIn("nights", date(2026, 11, 18), "Ben")
    assert told(clinical("P1"), nights=today) == ["Ben email"]


def test_each_address_once_and_the_default_besides() -> None:
    both = (ROUTED, To(kind="default"), To(kind="team", name="field"))
    assert told(clinical("P3"), *both) == ["Ada email", "Ben email"]


def test_without_a_roster_nobody_is_meant_and_the_console_takes_it() -> None:
    directory = Directory(default_roster(), {})
    assert told(clinical("P1"), roster=default_roster()) == []
    assert not directory.means_somebody(ROUTED, clinical("P1"))
    assert Directory(ROSTER, {}).means_somebody(ROUTED, clinical("P1"))
    assert console("clinical") == Recipient("console", "queue:clinical")


SMS = Recipient("sms", "+430000001", "Ada")


def recent(priority: str, minutes: float, task: int = 7, address: str = "+430000001") -> Recent:
    at = NOON - timedelta(minutes=minutes)
    return Recent(UUID(int=99), UUID(int=task), "sms", address, Severity(priority), at)


@pytest.mark.parametrize(
    ("before", "priority", "joined"),
    [
        (recent("P2", 1), "P2", True),
        (recent("P1", 1), "P2", True),
        (recent("P3", 1), "P2", False),  # grouping never hides a higher priority
        (recent("P2", 5), "P2", False),
        (recent("P2", 1, address="+430000002"), "P2", False),
        (recent("P2", 1, task=1), "P2", False),
    ],
)
def test_a_message_stands_for_another_task(before: Recent, priority: str, joined: bool) -> None:
    (said,) = Group(UUID(int=1), Severity(priority), [before])([SMS], NOON)
    assert isinstance(said, Joined) is joined


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIENNA).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        ("2026-11-18T20:59", None),
        ("2026-11-18T21:00", "2026-11-19T07:00"),
        ("2026-11-19T06:59", "2026-11-19T07:00"),
        ("2026-11-19T07:00", None),
        ("2026-03-28T23:00", "2026-03-29T07:00"),  # an hour is skipped
        ("2026-10-24T23:00", "2026-10-25T07:00"),  # an hour comes twice
    ],
)
def test_quiet_hours_end_by_the_local_clock(at: str, ends: str | None) -> None:
    assert quiet_until(ROSTER.quiet, local(at), VIENNA) == (local(ends) if ends else None)


def test_the_two_nights_are_nine_and_eleven_hours_long() -> None:
    for day, hours in (("2026-03-28", 9), ("2026-10-24", 11), ("2026-11-18", 10)):
        begins = local(f"{day}T21:00")
        ends = quiet_until(ROSTER.quiet, begins, VIENNA)
        assert ends is not None
        assert ends - begins == timedelta(hours=hours)


def test_quiet_hours_at_noon() -> None:
    noon = Quiet(begins=time(12), ends=time(13))
    assert quiet_until(noon, local("2026-11-18T12:30"), VIENNA) == local("2026-11-18T13:00")
    assert quiet_until(noon, local("2026-11-18T13:00"), VIENNA) is None
    assert quiet_until(None, NOON, VIENNA) is None


NIGHT = local("2026-11-18T23:30")


@pytest.mark.parametrize("priority", ["P1", "P2"])
def test_urgent_work_knows_no_quiet_hours_and_no_digest(priority: str) -> None:
    stage = Notify(ROSTER, Severity(priority), {("sms", "+430000001"): 50})
    (notice,) = stage([SMS], NIGHT)
    assert (notice.at, notice.because) == (NIGHT, None)


def test_low_priority_waits_for_the_morning() -> None:
    (notice,) = Notify(ROSTER, Severity.P3, {})([SMS], NIGHT)
    assert (notice.at, notice.because) == (local("2026-11-19T07:00"), What.QUIET)
    (shown,) = Notify(ROSTER, Severity.P3, {})([console("clinical")], NIGHT)
    assert shown.because is None  # it rings nowhere


def test_a_flood_becomes_a_digest_at_the_full_hour_and_not_by_night() -> None:
    flood = {("sms", "+430000001"): 5}
    at = NOON + timedelta(minutes=20)
    (notice,) = Notify(ROSTER, Severity.P4, flood)([SMS], at)
    assert (notice.at, notice.because) == (NOON + timedelta(hours=1), What.DIGEST)
    (one_less,) = Notify(ROSTER, Severity.P4, {("sms", "+430000001"): 4})([SMS], at)
    assert one_less.because is None
    (night,) = Notify(ROSTER, Severity.P4, flood)([SMS], NIGHT)
    assert (night.at, night.because) == (local("2026-11-19T07:00"), What.DIGEST)


WRONG = {
    "timezone: Mars/Base": "no time zone 'Mars/Base'",
    "teams: {day: [Nobody]}": "team day: no 'Nobody' in this roster",
    "routes: [{to: {kind: on_call, name: x}}]": "on_call: no 'x' in this roster",
    "routes: [{to: {kind: routed}}]": "a route names a person",
    "ladders: {P1: {steps: [], repeat: PT5M}}": "ladders.P1.steps",
    "ladders: [P1]": "ladders: a mapping",
    "quiet: {begins: 21:00, ends: 07:00}": "write an hour in quotes",
    "persons: {A: {}}\nschedules: {n: {persons: [A], starts: 2026-11-16, handover: 20:00}}": (
        "write an hour in quotes"
    ),
    "colour: red": "colour",
    "- a list": "a roster is a mapping",
    "a: [": "this is not YAML",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_roster_is_told_in_one_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "roster.yaml"
    file.write_text(text)
    with pytest.raises(PackError) as told:
        read_roster(file)
    assert WRONG[text] in str(told.value)
    assert "\n" not in str(told.value)


def test_a_roster_that_gives_one_ladder_keeps_the_others(tmp_path: Path) -> None:
    file = tmp_path / "roster.yaml"
    file.write_text("ladders: {P4: {steps: [{tell: [{kind: default}]}], repeat: PT12H}}")
    read = read_roster(file)
    assert read.ladders[Severity.P1] == default_roster().ladders[Severity.P1]
    assert read.ladders[Severity.P4].repeat == timedelta(hours=12)
