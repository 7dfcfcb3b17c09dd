"""What is typed of a new patient: every problem is told at once, by its field."""

from datetime import UTC, date, datetime

import pytest

from gateway.care.contact_ways import read_phone, write_phone
from gateway.care.registration import NotRegistered, Registration, read_registration

TODAY = date(2026, 11, 22)
ADA = {
    "given_name": "Ada",
    "family_name": "Lovelace",
    "birth_date": "1948-12-10",
    "timezone": "Europe/Vienna",
    "phone": "0664 1234567",
}


def problems(**fields: str) -> dict[str, str]:
    told = {name: text for name, text in {**ADA, **fields}.items() if text}
    try:
        read_registration(told, TODAY)
    except NotRegistered as error:
        return {each.field: str(each.said) for each in error.problems}
    return {}


def registered(**fields: str) -> Registration:
    return read_registration({**ADA, **fields}, TODAY)


def test_numbers_are_read_as_they_are_dialled_at_home_and_kept_in_one_form() -> None:
    assert registered().details(None).phones == ("+436641234567",)
    assert write_phone("+436641234567", "Europe/Vienna") == "0664 1234567"
    assert write_phone("+436641234567", "America/Chicago") == "+43 664 1234567"
    with pytest.raises(ValueError, match="no telephone"):
        read_phone("0664 1234567", "UTC")


def test_everything_that_is_wrong_is_told_at_once_and_quotes_nothing() -> None:
    found = problems(given_name="", birth_date="10.12.1948", phone="123", language="klingon")
    assert set(found) == {"given_name", "birth_date", "phone", "language"}
    assert not any("123" in said or "klingon" in said for said in found.values())


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"birth_date": "2026-12-24"}, "birth_date"),
        ({"birth_date": "1800-01-01"}, "birth_date"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"channel": "pigeon"}, "channel"),
        ({"contact_name": "Byron"}, "contact_relation"),
        ({"contact_2_phone": "+43 664 1234568"}, "contact_2_name"),
        ({"phone_2": "+43 664 1234567"}, "phone_2"),
        ({"restricted": "yes"}, "care_team"),
        ({"consent_on": "2026-11-20"}, "consent_how"),
        ({"consent_how": "verbal"}, "consent_on"),
        ({"consent_on": "1940-01-01", "consent_how": "verbal"}, "consent_on"),
        ({"address": "x" * 501}, "address"),
        ({"given_name": "A\x1b[31m"}, "given_name"),
        ({"shoe_size": "42"}, "shoe_size"),
    ],
)
def test_a_problem_stands_beside_its_field(fields: dict[str, str], field: str) -> None:
    assert list(problems(**fields)) == [field]


def test_what_is_missing_of_a_contact_is_told_with_the_rest() -> None:
    found = problems(phone="12", contact_name="Byron", consent_how="verbal")
    assert list(found) == ["phone", "contact_relation", "consent_on"]


def test_a_consent_of_today_was_given_now_and_an_earlier_one_on_its_day() -> None:
    now = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
    today = registered(consent_on="2026-11-22", consent_how="verbal").consent(now)
    before = registered(consent_on="2026-11-20", consent_how="written", consent_by="Byron").consent(
        now
    )
    assert today is not None
    assert before is not None
    assert (today.given_at, today.given_by) == (now, "patient")
    assert before.given_at == datetime(2026, 11, 19, 23, tzinfo=UTC)
    assert (before.given_by, before.representative) == ("representative", "Byron")
    assert registered().consent(now) is None
