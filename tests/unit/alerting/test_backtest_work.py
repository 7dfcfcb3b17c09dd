"""Tasks and figures of a back-test are what a worklist would hold, counted one by one."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.backtest.compare import Past, differences, outcomes
from alerting.backtest.figures import figures
from alerting.backtest.found import OPEN, Found
from alerting.backtest.made_up import made_up
from alerting.backtest.page import page
from alerting.backtest.run import InForce, run
from alerting.backtest.series import collect
from alerting.backtest.work import CLOSED_AFTER, DEFAULT, tasks
from alerting.columns import micros
from alerting.model import Direction, Observation
from tests.unit.alerting.make import PACK, observe, series
from tests.unit.alerting.test_backtest import charts, rules

MICROSECOND = timedelta(microseconds=1)


def worklist(found: Found) -> list[tuple[int, int, int, bool]]:
    """Keep one patient's worklist after the other, one reading after the other."""
    told = found.evidence
    rows = [
        (int(found.patient[e]), seen, severity, int(found.closed_at[e]))
        for e, seen, severity, late in zip(
            told.episode.tolist(),
            told.seen.tolist(),
            told.severity.tolist(),
            told.late.tolist(),
            strict=True,
        )
        if not late
    ]
    done: list[list[int]] = []
    end: dict[int, int] = {}
    for patient, seen, severity, closed in sorted(rows, key=lambda row: row[:2]):
        if patient in end and seen < end[patient]:
            done[-1][2] = min(done[-1][2], severity)
            continue
        due = seen + CLOSED_AFTER[severity] // MICROSECOND
        itself = severity >= 3 and closed != OPEN and max(closed, seen) < due
        end[patient] = max(max(closed, seen) if itself else due, seen)
        done.append([patient, seen, severity, itself])
    return [(p, at, severity, bool(itself)) for p, at, severity, itself in done]


@settings(max_examples=40)
@given(rule=rules(), people=st.lists(charts(), max_size=3))
def test_tasks_are_those_of_a_worklist(rule: object, people: list[list[Observation]]) -> None:
    named = {f"p{number}": chart for number, chart in enumerate(people)}
    (found,) = run(collect(named), [InForce(rule)]).found  # type: ignore[arg-type]
    mine = tasks(found)
    columns = (mine.patient, mine.at, mine.priority, mine.itself)
    # What comes at one moment is in no order.
    if len({(p, s) for p, s, *_ in worklist(found)}) == len(found.evidence.at):
        assert list(zip(*(each.tolist() for each in columns), strict=True)) == worklist(found)
    assert len(mine) == len(worklist(found))


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
