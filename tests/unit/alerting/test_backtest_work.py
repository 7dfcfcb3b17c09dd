"""Tasks and figures of a back-test are what a worklist would hold, counted one by one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.backtest.compare import Past, differences, outcomes
from alerting.backtest.figures import figures
from alerting.backtest.found import OPEN, Found
from alerting.backtest.made_up import made_up
from alerting.backtest.page import page
from alerting.backtest.run import InForce, run
from alerting.backtest.series import collect
from alerting.backtest.told import FOREVER
from alerting.backtest.work import CLOSED_AFTER, DEFAULT, tasks
from alerting.columns import micros
from alerting.model import Direction, Observation, Rule
from tests.unit.alerting.make import NOON, PACK, observe, series
from tests.unit.alerting.test_backtest import charts, rules

MICROSECOND = timedelta(microseconds=1)


# How long an answer holds at least, by the code of the task's priority.
RESTS = {
    1: timedelta(0),
    2: timedelta(hours=4),
    3: timedelta(hours=24),
    4: timedelta(hours=24),
}


@dataclass
class Desk:
    """One patient's worklist of one rule: everybody answers, when it is due, whatever is open."""

    ask_again: timedelta | None
    done: list[list[int]] = field(default_factory=list)
    end: int = 0
    rested: int = 0
    alert: int = 0
    held: int = 0
    """The newest severity that an answer holds back, 0 for none."""

    def open(self, at: int, severity: int, alert: int, closed: int) -> None:
        due = at + CLOSED_AFTER[severity] // MICROSECOND
        itself = severity >= 3 and closed != OPEN and max(closed, at) < due
        self.end, self.alert, self.held = max(closed, at) if itself else due, alert, 0
        self.done.append([at, severity, itself])
        self._answer()

    def _answer(self) -> None:
        _, priority, itself = self.done[-1]
        rest = RESTS[priority]
        if priority > 1:
            rest = max(rest, self.ask_again or rest)
        self.rested = self.end if itself else self.end + rest // MICROSECOND

    def wake(self, now: int, closed: Mapping[int, int]) -> None:
        """Ask again of what was held back and goes on."""
        while self.held and self.rested <= now:
            severity, at, self.held = self.held, self.rested, 0
            if closed[self.alert] == OPEN or closed[self.alert] > at:
                self.open(at, severity, self.alert, closed[self.alert])

    def take(self, at: int, severity: int, alert: int, closed: int) -> None:
        if self.done and at < self.end:
            self.done[-1][1] = min(self.done[-1][1], severity)
            self.alert = alert
            self._answer()
        elif (
            self.done and at < self.rested and alert == self.alert and severity >= self.done[-1][1]
        ):
            self.held = severity
        else:
            self.open(at, severity, alert, closed)


def worklist(found: Found) -> list[tuple[int, int, int, bool]]:
    """Keep one patient's worklist after the other, one reading after the other."""
    told, closed = found.evidence, dict(enumerate(found.closed_at.tolist()))
    columns = (told.episode, told.seen, told.severity, told.late)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    done = []
    for patient in sorted(set(found.patient.tolist())):
        desk = Desk(found.rule.ask_again)
        mine = [row for row in rows if found.patient[row[0]] == patient and not row[3]]
        for alert, at, severity, _ in sorted(mine, key=lambda row: row[1]):
            desk.wake(at, closed)
            desk.take(at, severity, alert, closed[alert])
        desk.wake(FOREVER, closed)
        done += [(patient, at, severity, bool(itself)) for at, severity, itself in desk.done]
    return done


def seldom(chart: list[Observation]) -> list[Observation]:
    """Draw the readings of hours out over weeks."""
    times = ((each, (each.measured_at - NOON) * 29) for each in chart)
    return [
        each.model_copy(
            update={
                "measured_at": NOON + since,
                "received_at": NOON + since + (each.received_at - each.measured_at),
            }
        )
        for each, since in times
    ]


@settings(max_examples=60)
@given(
    rule=rules(),
    people=st.lists(charts(), max_size=3),
    days=st.sampled_from([None, 2, 7]),
    often=st.booleans(),
)
def test_tasks_are_those_of_a_worklist(
    rule: Rule, people: list[list[Observation]], days: int | None, often: bool
) -> None:
    rule = rule.model_copy(update={"ask_again": timedelta(days=days) if days else None})
    people = [seldom(chart) for chart in people] if not often else people
    named = {f"p{number}": chart for number, chart in enumerate(people)}
    (found,) = run(collect(named), [InForce(rule)]).found
    mine = tasks(found)
    columns = (mine.patient, mine.at, mine.priority, mine.itself)
    # What comes at one moment is in no order.
    if len({(p, s) for p, s, *_ in worklist(found)}) == len(found.evidence.at):
        assert list(zip(*(each.tolist() for each in columns), strict=True)) == worklist(found)
    assert len(mine) == len(worklist(found))


def daily(values: str) -> list[Observation]:
    return [observe("systolic", value, hour=24 * day) for day, value in enumerate(values.split())]


@pytest.mark.parametrize(
    ("values", "ask_again", "days"),
    [
        ("185 " * 20, None, [0.0, 1.0, 2.0]),  # every four hours and four, if there are readings
        ("185 " * 20, 7, [0.0, 7 + 1 / 6, 14 + 2 / 6]),
        ("185 185 120 120 185 185", 7, [0.0, 4.0]),  # another episode
        ("185 185 185 120 120 120 120 120", 7, [0.0]),  # it ended before the rest did
    ],
)
def test_an_answered_alert_asks_again_when_its_rest_is_over(
    values: str, ask_again: int | None, days: list[float]
) -> None:
    rest = timedelta(days=ask_again) if ask_again else None
    rule = PACK["systolic_high"].model_copy(update={"ask_again": rest})
    readings = collect({"p": daily(values)})
    (found,) = run(readings, [InForce(rule)]).found
    seconds = (tasks(found, DEFAULT, readings.end).at - micros(NOON)) / 1_000_000
    assert [round(s / 86_400, 3) for s in seconds.tolist()][: len(days)] == [
        round(day, 3) for day in days
    ]
    assert len(seconds) == (20 if ask_again is None else len(days))


def history() -> dict[str, list[Observation]]:
    return {
        "often": series("systolic", "190 120 120 185 120 120 182"),
        "once": series("systolic", "120 181 120 120"),
        "never": series("systolic", "120 121 122"),
    }


def test_figures_by_rule_day_and_patient() -> None:
    result = run(collect(history()), [InForce(PACK["systolic_high"])])
    told = figures(result, DEFAULT, top=5)
    (rule,) = told.rules
    assert (rule.alerts, rule.tasks, rule.priorities, rule.minutes) == (4, 3, (0, 3, 0, 0), 45)
    assert told.by_patient == (("often", 3, 2), ("once", 1, 1))
    assert (told.alerts_by_day, told.tasks_by_day) == ((4,), (3,))
    totals = told.told(coordinators=2)
    assert (totals["patients"], totals["patients_with_alerts"]) == (3, 2)
    assert totals["alerts_per_patient_day"] == round(4 / 3 / told.days, 4)


def test_the_difference_from_the_rule_in_force() -> None:
    old = PACK["systolic_high"]
    new = old.model_validate(
        old.model_dump()
        | {
            "bands": {
                "P1": {"mm[Hg]": ">= 185", "kPa": ">= 24.7"},
                "P3": {"mm[Hg]": ">= 182", "kPa": ">= 24.3"},
            }
        }
    )
    readings = collect(history())
    now, then = (run(readings, [InForce(rule)]) for rule in (old, new))
    (told,) = differences(now, then)
    assert (told.same, told.only_now, told.only_then, told.raised, told.lowered) == (3, 1, 0, 2, 1)


def test_what_people_said_of_past_tasks() -> None:
    people = history()
    first = micros(people["often"][0].measured_at)

    def past(patient: str, hour: int, actionable: bool) -> Past:
        at = first + timedelta(hours=hour) // MICROSECOND
        return Past(patient, "systolic_high", Direction.HIGH, at, at, actionable)

    told = [past("often", 0, True), past("once", 1, False), past("never", 0, True)]
    result = run(collect(people), [InForce(PACK["systolic_high"])])
    (out,) = outcomes(result, told)
    assert (out.actionable, out.actionable_found) == (2, 1)
    assert (out.not_actionable, out.not_actionable_found, out.unknown) == (1, 1, 2)


def test_late_readings_make_no_task() -> None:
    late = [observe("systolic", "190", received_after=timedelta(hours=30))]
    result = run(collect({"p": late}), [InForce(PACK["systolic_high"])])
    (rule,) = figures(result, DEFAULT).rules
    assert (rule.episodes, rule.alerts, rule.late, rule.tasks) == (1, 0, 1, 0)


def test_made_up_histories_are_the_same_each_time_and_found_alike_both_ways() -> None:
    plan = [InForce(PACK["glucose_low"]), InForce(PACK["pulse_high"])]
    once, again = (run(made_up(20, 10, seed=3), plan) for _ in range(2))
    slow = run(made_up(20, 10, seed=3), plan, steps=True)
    counts = [figures(each, DEFAULT) for each in (once, again, slow)]
    assert counts[0] == counts[1]
    assert [r.tasks for r in counts[0].rules] == [r.tasks for r in counts[2].rules]
    assert counts[0].values == 20 * 10 * 9


def test_a_page_needs_nothing_else_and_escapes_what_it_shows() -> None:
    drawn = page("A <test>", ["n & m"], {"T": [{"a": "<b>"}], "Empty": []}, [0, 3], [1, 2], "2026")
    assert drawn.count("<rect class") == 3 + 2
    assert "&lt;b&gt;" in drawn
    assert "Empty" not in drawn
    assert "http" not in drawn
