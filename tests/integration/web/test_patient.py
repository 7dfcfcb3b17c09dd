"""The patient page: everything in one window, charts as numbers and as tables, closed records."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from gateway.access.rights import Role
from gateway.storage.database import Connection
from tests.fixtures.console import Console
from tests.integration.web.work import add_patient, add_reading, add_task

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def patient(console: Console) -> UUID:
    """A patient with 40 days of pressure, one reading that is doubtful, a limit and a note."""
    organisation = console.organisations[0]
    with console.database.transaction() as connection:
        patient = add_patient(connection, organisation, "Grace Hopper")
        for day in range(40):
            pressure = {"systolic": ("mm[Hg]", 130 + day % 3), "diastolic": ("mm[Hg]", 80)}
            add_reading(
                connection, organisation, patient, NOW - timedelta(days=day, hours=1), pressure
            )
        odd = {"systolic": ("mm[Hg]", 210), "diastolic": ("mm[Hg]", 80)}
        at = NOW - timedelta(days=2)
        add_reading(connection, organisation, patient, at, odd, validity="questionable")
        add_reading(connection, organisation, patient, at, odd, validity="invalid")
        glucose = {"glucose": ("mmol/L", Decimal("7.0"))}
        add_reading(connection, organisation, patient, NOW - timedelta(hours=3), glucose)
        add_task(connection, organisation, patient, title="Glucose very high")
        _limit(connection, organisation, patient)
    answer = console.client(Role.COORDINATOR).post(
        f"/patients/{patient}/note", data={"text": "Started amlodipine."}
    )
    assert answer.status_code == 303
    return patient


def _limit(connection: Connection, organisation: UUID, patient: UUID) -> None:
    bands = {"bands": {"P2": {"mm[Hg]": ">= 160", "kPa": ">= 21.3"}}, "ask_again": "P9D"}
    connection.execute(
        "INSERT INTO rule_override (id, organisation_id, patient_id, rule_key, changes, reason,"
        " author, valid_from) VALUES (%s, %s, %s, 'systolic_high', %s, 'after a stroke',"
        " 'Dr. Chen', %s)",
        [uuid4(), organisation, patient, Jsonb(bands), NOW - timedelta(days=9)],
    )


def test_everything_is_in_one_window(console: Console, patient: UUID) -> None:
    html = console.client(Role.COORDINATOR).get(f"/patients/{patient}").text
    text = re.sub(r"<[^>]+>", "", html)
    for said in ("Grace Hopper", "Glucose very high", "Started amlodipine.", "after a stroke"):
        assert said in text
    assert "Dr. Chen" in text
    assert "≥ 160 mmHg" in text
    assert text.count("asks again 9 days after an answer") == 1
    # The newest value, with its unit, in the patient's own zone.
    assert re.search(r"7\.0 <span class=\"unit\">mmol/L", html)
    assert re.search(r"C[SD]T", text)


def test_what_has_no_number_in_this_time_has_no_chart(console: Console) -> None:
    other = add_numberless(console)
    shown = console.client(Role.COORDINATOR).get(f"/patients/{other}").text
    assert "Blood pressure" in shown
    assert "Mean pressure" not in shown
    assert "NaN" not in shown


def add_numberless(console: Console) -> UUID:
    """Return a patient whose cuff sends that it reckons no mean, as most do."""
    organisation = console.organisations[0]
    with console.database.transaction() as connection:
        other = add_patient(connection, organisation, "Ada Lovelace")
        pressure = {"systolic": ("mm[Hg]", 130), "mean_pressure": ("mm[Hg]", 99)}
        at = NOW - timedelta(hours=1)
        add_reading(connection, organisation, other, at, pressure)
        connection.execute(
            "UPDATE reading_value SET number = NULL, absent = 'NaN'"
            " WHERE patient_id = %s AND name = 'mean_pressure'",
            [other],
        )
    return other


def test_charts_have_limits_what_is_usual_and_notes(console: Console, patient: UUID) -> None:
    told = console.client(Role.COORDINATOR).get(f"/patients/{patient}/charts?span=30d").json()
    pressure = next(chart for chart in told["charts"] if chart["key"] == "pressure")
    assert pressure["unit"] == "mmHg"
    systolic = next(one for one in pressure["series"] if one["name"] == "systolic")
    assert told["by"] is None
    assert systolic["value"].count(210) == 1  # questionable is charted, invalid is not
    assert systolic["doubtful"][systolic["value"].index(210)] is True
    limit = next(one for one in pressure["limits"] if one["high"] and one["name"] == "systolic")
    assert (limit["limit"], limit["written"], limit["severity"]) == (160, "≥ 160", "P2")
    usual = {one["name"]: one["value"] for one in pressure["usual"]}
    assert usual == {"systolic": 131, "diastolic": 80}
    assert [note["text"] for note in told["notes"]] == ["Started amlodipine."]


def test_a_long_time_is_told_by_the_patients_days(console: Console, patient: UUID) -> None:
    told = console.client(Role.COORDINATOR).get(f"/patients/{patient}/charts?span=1y").json()
    pressure = next(chart for chart in told["charts"] if chart["key"] == "pressure")
    systolic = next(one for one in pressure["series"] if one["name"] == "systolic")
    assert told["by"] == "day"
    assert 210 not in systolic["high"]  # what is doubtful is no part of a mean
    assert sum(systolic["counts"]) == 40
    assert len(pressure["x"]) in {40, 39}  # a clock that is put back makes a day of two readings


def test_each_chart_is_a_table_too(console: Console, patient: UUID) -> None:
    browser = console.client(Role.COORDINATOR)
    every = browser.get(f"/patients/{patient}/table/pressure?span=30d").text
    assert "invalid" in every
    assert "mmHg" in every
    by_week = browser.get(f"/patients/{patient}/table/pressure?span=3y").text
    assert "Week from" in by_week
    assert "no_such_chart" not in browser.get(f"/patients/{patient}/table/no_such_chart").text


def test_a_closed_record_asks_for_the_reason(console: Console) -> None:
    organisation = console.organisations[0]
    with console.database.transaction() as connection:
        closed = add_patient(connection, organisation, "Hedy Lamarr")
        team = uuid4()
        connection.execute(
            "INSERT INTO care_team (id, organisation_id, name, created_by, created_at)"
            " VALUES (%s, %s, 'Another', 'x', now())",
            [team, organisation],
        )
        connection.execute(
            "UPDATE patient SET care_team_id = %s, restricted = true WHERE id = %s", [team, closed]
        )
        task = add_task(connection, organisation, closed, sentence="Systolic 199 mmHg.")
    browser = console.client(Role.COORDINATOR)
    for path in (f"/patients/{closed}", f"/tasks/{task}"):
        answer = browser.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/patients/{closed}/break-glass"
    assert browser.get(f"/patients/{closed}/charts").status_code == 403
    assert browser.get(f"/patients/{closed}/table/pressure").status_code == 403
    assert browser.post(f"/tasks/{task}/take").status_code == 403
    row = browser.get("/worklist").text.split(f'id="t-{task}"')[1].split("</li>")[0]
    assert "199" not in row
    assert "Restricted" in row


def test_who_has_no_right_to_patients_sees_none(console: Console, patient: UUID) -> None:
    for role in (Role.TECHNICIAN, Role.ADMINISTRATOR, Role.AUDITOR):
        for path in ("", "/charts", "/table/pressure"):
            assert console.client(role).get(f"/patients/{patient}{path}").status_code == 403
    assert console.client(Role.CLINICIAN, 1).get(f"/patients/{patient}").status_code == 404
