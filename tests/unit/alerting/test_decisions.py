"""What is decided for an alert when readings come, in order and out of it."""

from datetime import timedelta
from uuid import UUID

from alerting.model import Direction, Level, Override, Severity
from alerting.overrides import effective
from alerting.pipeline.decisions import Decision, Late, Resolve, Why
from alerting.pipeline.deduplicate import AlertState, StoredAlert
from alerting.rules.threshold import Threshold
from tests.unit.alerting.make import NOON, PACK, observe, series
from tests.unit.alerting.register import Register

LOW, SYSTOLIC = PACK["glucose_low"], PACK["systolic_high"]


def names(decisions: tuple[Decision, ...]) -> list[str]:
    return [type(each).__name__ for each in decisions]


def test_one_episode_from_its_opening_to_its_end() -> None:
    register = Register((LOW,))
    told = [names(register.arrive([one])) for one in series("glucose", "66 50 75 76 81 90")]
    assert told == [["Open"], ["Append", "Raise"], [], ["Lower"], [], ["Resolve"]]
    (alert,) = register.alerts.values()
    assert (alert.state, alert.peak, alert.direction) == ("resolved", "P1", Direction.LOW)


def test_an_episode_that_is_over_when_it_arrives_still_gets_its_alert() -> None:
    register = Register((LOW,))
    chart = series("glucose", "100 50 90 91 100")
    decisions = register.arrive(chart)
    assert names(decisions) == ["Open", "Resolve"]
    resolve = decisions[1]
    assert isinstance(resolve, Resolve)
    assert (resolve.why, resolve.until) == (Why.IN_RANGE, chart[3].measured_at)


def test_a_new_episode_after_the_end_is_a_new_alert() -> None:
    register = Register((LOW,))
    told = [names(register.arrive([one])) for one in series("glucose", "50 90 91 50")]
    assert told == [["Open"], [], ["Resolve"], ["Open"]]
    assert len(register.alerts) == 2


def test_a_reading_from_before_joins_the_alert_that_is_open() -> None:
    register = Register((SYSTOLIC,))
    first, *rest = series("systolic", "190 170 170 185")
    register.arrive(rest)
    assert names(register.arrive([first])) == ["Append"]
    (alert,) = register.alerts.values()
    assert alert.unresolved
    assert len(alert.evidence) == 2


def test_late_data_that_splits_an_episode_leave_one_alert() -> None:
    register = Register((SYSTOLIC,))
    chart = series("systolic", "190 170 171 185")
    register.arrive([chart[0], chart[3]])
    assert names(register.arrive([chart[1], chart[2]])) == []
    (alert,) = register.alerts.values()
    assert len(alert.evidence) == 2


def test_late_data_that_join_episodes_end_in_one_open_alert() -> None:
    register = Register((SYSTOLIC,))
    chart = series("systolic", "190 170 178 171 185")
    for one in (chart[0], chart[1], chart[3], chart[4]):
        register.arrive([one])
    assert [alert.state for alert in register.alerts.values()] == ["resolved", "open"]
    assert names(register.arrive([chart[2]])) == []
    assert [alert.state for alert in register.alerts.values()] == ["resolved", "open"]


def test_an_end_that_late_data_take_back() -> None:
    register = Register((SYSTOLIC,))
    chart = series("systolic", "190 170 178 171")
    for one in (chart[0], chart[1], chart[3]):
        register.arrive([one])
    assert names(register.arrive([chart[2]])) == ["Reopen"]
    assert names(register.arrive([observe("systolic", "170", hour=9)])) == ["Resolve"]


def test_what_comes_too_late_is_counted_and_opens_nothing() -> None:
    register = Register((LOW,))
    (late,) = register.arrive([observe("glucose", "50", received_after=timedelta(hours=49))])
    assert isinstance(late, Late)
    assert not register.alerts


def test_what_comes_too_late_neither_keeps_an_alert_nor_raises_it() -> None:
    register = Register((LOW,))
    register.arrive([observe("glucose", "66", hour=0)])
    old = observe("glucose", "40", hour=-1, n=1, received_after=timedelta(hours=49))
    assert names(register.arrive([old])) == ["Append"]
    (alert,) = register.alerts.values()
    assert (alert.severity, alert.peak) == ("P2", "P2")


def test_an_old_episode_is_not_added_to_an_open_alert() -> None:
    register = Register((LOW,))
    register.arrive([observe("glucose", "66", hour=0)])
    days_ago = [
        observe("glucose", "40", hour=-100, n=1, received_after=timedelta(hours=100)),
        observe("glucose", "99", hour=-99, n=2, received_after=timedelta(hours=99)),
        observe("glucose", "99", hour=-98, n=3, received_after=timedelta(hours=98)),
    ]
    assert names(register.arrive(days_ago)) == ["Late"]
    (alert,) = register.alerts.values()
    assert (alert.unresolved, len(alert.evidence)) == (True, 1)


def test_rules_do_not_touch_one_another() -> None:
    register = Register(tuple(rule for rule in PACK.values() if rule.programme is None))
    both = [observe("systolic", "190", n=1), observe("diastolic", "55", n=1)]
    assert names(register.arrive(both)) == ["Open", "Open"]
    assert {alert.rule_key for alert in register.alerts.values()} == {
        "systolic_high",
        "diastolic_low",
    }


def stored(n: int, state: AlertState, reading: UUID, hour: float) -> StoredAlert:
    """Make an alert as an older version of a rule may have left it."""
    return StoredAlert(
        id=UUID(int=n),
        rule_key=SYSTOLIC.key,
        direction=SYSTOLIC.direction,
        state=state,
        severity=Severity.P2,
        peak=Severity.P2,
        since=NOON + timedelta(hours=hour),
        evidence=frozenset({reading}),
    )


def test_what_ends_comes_before_what_begins() -> None:
    (high,) = series("systolic", "190")
    gone = stored(2, AlertState.OPEN, UUID(int=99), 1)
    back = stored(1, AlertState.RESOLVED, high.reading_id, 0)
    register = Register((SYSTOLIC,), alerts={back.id: back, gone.id: gone})
    assert names(register.arrive([high])) == ["Resolve", "Reopen"]


def test_of_two_alerts_for_one_episode_the_open_one_goes_on() -> None:
    chart = series("systolic", "190 191")
    going = stored(1, AlertState.ACKNOWLEDGED, chart[0].reading_id, 0)
    over = stored(2, AlertState.RESOLVED, chart[1].reading_id, 1)
    register = Register((SYSTOLIC,), alerts={over.id: over, going.id: going})
    assert register.arrive(chart) == ()


def test_what_begins_and_ends_comes_before_what_is_taken_back() -> None:
    """A late batch with an earlier episode that is over, and a reading that undoes an end."""
    register = Register((SYSTOLIC,))
    for one in series("systolic", "190 120 120"):
        register.arrive([one])
    undone = observe("systolic", "186", hour=1.5, n=9)
    before = [
        observe("systolic", what, hour=hour, n=n)
        for n, (what, hour) in enumerate((("190", -5), ("120", -4), ("120", -3)), 1)
    ]
    told = names(register.arrive([*before, undone]))
    assert told == ["Open", "Resolve", "Append", "Reopen"]
    assert [alert.state for alert in register.alerts.values()] == ["open", "resolved"]


def test_an_end_taken_back_by_something_worse() -> None:
    register = Register((LOW,))
    for one in series("glucose", "66 90 90"):
        register.arrive([one])
    assert names(register.arrive([observe("glucose", "50", hour=1.5)])) == [
        "Append",
        "Reopen",
        "Raise",
    ]
    (alert,) = register.alerts.values()
    assert (alert.severity, alert.peak, alert.unresolved) == ("P1", "P1", True)


def test_late_is_told_at_the_hub_not_at_the_gateway() -> None:
    register = Register((LOW,))
    away = observe("glucose", "66", stored_after=timedelta(days=5))
    assert names(register.arrive([away])) == ["Open"]


def own(limit: str) -> Override:
    return Override(
        level=Level.PATIENT,
        rule_key="systolic_high",
        changes={"bands": {"P2": {"mm[Hg]": limit, "kPa": ">= 26"}}},
        reason="agreed with the clinician",
        author="Dr Example",
        valid_from=NOON - timedelta(days=1),
        valid_until=NOON + timedelta(days=1),
    )


def laid(*overrides: Override) -> Threshold:
    assert isinstance(SYSTOLIC, Threshold)
    rule = effective(SYSTOLIC, overrides, NOON)
    assert rule is not None
    return rule


def test_a_patients_own_limits_hold_for_their_time() -> None:
    rule = laid(own(">= 190"))
    assert str(rule.bands[next(iter(rule.bands))]["mm[Hg]"]) == "at or above 190"
    assert isinstance(SYSTOLIC, Threshold)
    assert rule.clear == SYSTOLIC.clear
    assert rule.adjusted == "agreed with the clinician (Dr Example)"
    assert effective(SYSTOLIC, [own(">= 190")], NOON + timedelta(days=1)) == SYSTOLIC
    assert effective(LOW, [own(">= 190")], NOON) == LOW


def test_looser_limits_end_an_alert_that_they_do_not_support() -> None:
    register = Register((SYSTOLIC,))
    register.arrive(series("systolic", "184"))
    register.rules = (laid(own(">= 190")),)
    (resolve,) = register.arrive([observe("systolic", "186", hour=2)])
    assert isinstance(resolve, Resolve)
    assert resolve.why is Why.NOT_SUPPORTED


def test_tighter_limits_open_nothing_for_the_past() -> None:
    register = Register((SYSTOLIC,))
    register.arrive(series("systolic", "175 176 175"))
    register.rules = (laid(own(">= 170")),)
    assert register.arrive([observe("systolic", "120", hour=8)]) == ()
    assert names(register.arrive([observe("systolic", "171", hour=9)])) == ["Open"]
