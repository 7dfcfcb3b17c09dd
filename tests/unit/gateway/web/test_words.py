"""What pages say: numbers with units, times with zones, names of codes, a script for each rule."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import pytest

from alerting.model import Severity
from gateway.care.dispositions import Answered, Outcome, RedFlag, Urgency
from gateway.care.moves import Status
from gateway.care.red_flags import asked_for
from gateway.storage.contacts import Channel, Reached, WithWhom
from gateway.storage.minutes import Activity
from gateway.web import labels
from gateway.web.closing import Closing, read
from gateway.web.words import Words, phone

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
ENGLISH, SPANISH = Words("en"), Words("es")


@pytest.mark.parametrize(
    ("codes", "named"),
    [
        (Urgency, labels.URGENCY),
        (Outcome, labels.OUTCOME),
        (RedFlag, labels.RED_FLAG),
        (Answered, labels.ANSWERED),
        (Status, labels.STATUS),
        (Channel, labels.CHANNEL),
        (WithWhom, labels.WITH_WHOM),
        (Reached, labels.REACHED),
        (Activity, labels.ACTIVITY),
    ],
)
def test_every_code_has_a_name(codes: type[StrEnum], named: labels.Labels) -> None:
    assert set(named) == set(codes)


def test_a_number_keeps_its_digits_and_has_its_unit() -> None:
    assert "7.0" in ENGLISH.value(Decimal("7.0"), "mmol/L")
    assert "7,0" in SPANISH.value(Decimal("7.0"), "mmol/L")
    assert "mmHg" in ENGLISH.value(128, "mm[Hg]")


def test_a_time_is_the_patients_and_names_its_zone() -> None:
    chicago = ENGLISH.when(NOW, "America/Chicago", NOW)
    assert "09:30" in chicago
    assert "CST" in chicago
    assert "2026-11-22T15:30:00+00:00" in chicago
    assert ENGLISH.ago(NOW - timedelta(hours=3), NOW).striptags() == "3 hours ago"
    assert SPANISH.ago(NOW - timedelta(hours=3), NOW).striptags() == "hace 3 horas"


@pytest.mark.parametrize("apart", [-20, 0, 20])
def test_a_moment_that_is_less_than_a_minute_away_is_now(apart: int) -> None:
    moment = NOW + timedelta(seconds=apart)
    assert ENGLISH.ago(moment, NOW).striptags() == "now"
    assert SPANISH.ago(moment, NOW).striptags() == "ahora"


def test_what_fills_a_text_is_escaped() -> None:
    assert ENGLISH.say("{name} is asked.", name="<b>Ada</b>") == "&lt;b&gt;Ada&lt;/b&gt; is asked."


def test_a_telephone_number_is_written_as_people_read_it() -> None:
    assert phone("+13125550142") == "+1 312-555-0142"
    assert phone("unknown") == "unknown"


def test_a_form_of_nonsense_names_what_is_wrong() -> None:
    closing, strange = read({"urgency": "soon", "attempts": "many", "note": "Well."})
    assert strange == ["attempts", "urgency"]
    assert closing == Closing(note="Well.")


def test_an_answer_to_some_symptoms_is_none() -> None:
    closing, _ = read({"flag_chest_pain": "no", "urgency": "self_care"})
    asked = asked_for("pressure high")
    assert "flags" in closing.wrong(Severity.P4, asked)
    assert "flags" in Closing().wrong(Severity.P1, asked)
    assert "flags" not in Closing().wrong(Severity.P2, asked)


def test_what_they_tell_beside_the_list_is_kept_with_what_was_asked() -> None:
    asked = asked_for("glucose low")
    answers = {f"flag_{flag}": "no" for flag in asked} | {"flag_back_pain": "yes"}
    closing, _ = read({**answers, "answered_by": "patient", "urgency": "emergency_now"})
    assert "flags" not in closing.wrong(Severity.P1, asked)
    check = closing.disposition(NOW, asked).symptom_check
    assert check is not None
    assert (check.red_flags, check.asked) == ((RedFlag.BACK_PAIN,), asked)
