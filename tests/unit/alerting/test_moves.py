"""Which moves a task allows, and what closes it."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from alerting.model import Severity
from gateway.care.dispositions import (
    Answered,
    Disposition,
    Outcome,
    RedFlag,
    SymptomCheck,
    Urgency,
)
from gateway.care.moves import (
    CLOSED,
    MOVES,
    MoveNotAllowed,
    Status,
    SymptomCheckMissing,
    SymptomCheckOld,
    UrgencyTooLow,
    check_completion,
    check_move,
    closes_by_itself,
)

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ASKED = SymptomCheck(answered_by=Answered.PATIENT, at=NOW)


def disposition(check: SymptomCheck | None = None) -> Disposition:
    return Disposition(
        urgency=Urgency.SELF_CARE,
        outcome=Outcome.REPEAT_NORMAL,
        actionable=False,
        symptom_check=check,
    )


def test_every_status_says_what_may_follow() -> None:
    assert set(MOVES) == set(Status)
    assert all(not MOVES[status] for status in CLOSED)
    assert all(MOVES[status] for status in set(Status) - CLOSED)


def test_people_cancel_nothing_that_they_took() -> None:
    assert [status for status in Status if Status.CANCELLED in MOVES[status]] == ["requested"]


def test_a_refused_move_says_what_is_possible() -> None:
    with pytest.raises(MoveNotAllowed, match=r"requested; possible from there: accepted"):
        check_move(Status.REQUESTED, Status.COMPLETED)
    with pytest.raises(MoveNotAllowed, match="nothing, it is closed"):
        check_move(Status.COMPLETED, Status.ACCEPTED)


def test_p1_needs_a_symptom_check() -> None:
    with pytest.raises(SymptomCheckMissing):
        check_completion(Status.ACCEPTED, Severity.P1, disposition(), NOW, NOW)
    check_completion(Status.ACCEPTED, Severity.P1, disposition(ASKED), NOW, NOW)
    check_completion(Status.ACCEPTED, Severity.P2, disposition(), NOW, NOW)


@pytest.mark.parametrize("hours", [-9 * 365 * 24, -1.1, 0.1])
def test_symptoms_of_another_day_are_no_check(hours: float) -> None:
    asked = ASKED.model_copy(update={"at": NOW + timedelta(hours=hours)})
    with pytest.raises(SymptomCheckOld):
        check_completion(Status.ACCEPTED, Severity.P1, disposition(asked), NOW, NOW)


def test_a_red_flag_is_no_matter_of_self_care() -> None:
    red = disposition(ASKED.model_copy(update={"red_flags": (RedFlag.CHEST_PAIN,)}))
    with pytest.raises(UrgencyTooLow):
        check_completion(Status.ACCEPTED, Severity.P2, red, NOW, NOW)
    called = red.model_copy(update={"urgency": Urgency.EMERGENCY_NOW})
    check_completion(Status.ACCEPTED, Severity.P2, called, NOW, NOW)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("priority", Severity)
def test_only_untouched_p3_and_p4_close_by_themselves(status: Status, priority: Severity) -> None:
    expected = status == "requested" and priority in {"P3", "P4"}
    assert closes_by_itself(status, priority) == expected


def test_calls_without_an_answer_are_counted() -> None:
    given = {"urgency": "visit_24h", "outcome": "no_answer_xN", "actionable": True}
    assert Disposition.model_validate(given | {"attempts": 3}).attempts == 3
    with pytest.raises(ValidationError, match="attempts"):
        Disposition.model_validate(given)
    with pytest.raises(ValidationError, match="attempts"):
        Disposition.model_validate(given | {"outcome": "no_action", "attempts": 3})


def test_a_disposition_survives_its_column() -> None:
    check = SymptomCheck(answered_by=Answered.CARER, at=NOW, red_flags=(RedFlag.CHEST_PAIN,))
    one = disposition(check)
    assert Disposition.model_validate(one.model_dump(mode="json")) == one
