"""Restricted records: who sees them, opening one with a reason, and the review."""

from datetime import datetime
from uuid import UUID, uuid4

import pytest

from gateway.access.passwords import hashed
from gateway.access.rights import Role
from gateway.storage import homes
from gateway.storage.glass import may_see_patient
from gateway.storage.people import set_password
from tests.fixtures.console import Console

REASON = "Found unconscious, the team is not to be reached"
PASSWORD = "a long way to the lighthouse"


@pytest.fixture
def patient(console: Console) -> UUID:
    """Give a restricted patient, for whom the clinician cares."""
    place, now = console.organisations[0], console.now()
    with console.database.transaction() as connection:
        found = homes.add_patient(connection, place, "Restricted Person", "Europe/Vienna")
        team = uuid4()
        connection.execute(
            "INSERT INTO care_team (id, organisation_id, name, created_by, created_at)"
            " VALUES (%s, %s, %s, 'test', %s)",
            [team, place, f"Team {team}", now],
        )
        connection.execute(
            "INSERT INTO care_team_member (organisation_id, care_team_id, person_id, function,"
            " since) VALUES (%s, %s, %s, 'physician', %s)",
            [place, team, console.people[Role.CLINICIAN, 0], now],
        )
        connection.execute(
            "UPDATE patient SET restricted = true, care_team_id = %s WHERE id = %s", [team, found]
        )
    return found


def _sees(console: Console, patient: UUID, role: Role, at: datetime | None = None) -> bool | None:
    with console.app.state.site.transaction(console.organisations[0]) as connection:
        person = console.people[role, 0]
        return may_see_patient(connection, patient, person, at or console.now())


def test_a_restricted_record_is_the_care_teams(console: Console, patient: UUID) -> None:
    assert _sees(console, patient, Role.CLINICIAN)
    assert not _sees(console, patient, Role.COORDINATOR)
    assert _sees(console, uuid4(), Role.COORDINATOR) is None


def test_the_glass_is_broken_with_a_reason_for_an_hour(console: Console, patient: UUID) -> None:
    browser = console.signed_in(console.people[Role.COORDINATOR, 0])
    path = f"/patients/{patient}/break-glass"
    assert browser.get(path).status_code == 200
    assert browser.post(path, data={"reason": "curious"}).status_code == 400
    assert not _sees(console, patient, Role.COORDINATOR)
    answer = browser.post(path, data={"reason": REASON})
    assert answer.headers["location"] == f"/patients/{patient}"
    assert _sees(console, patient, Role.COORDINATOR)
    with console.database.transaction() as connection:
        row = connection.execute(
            "SELECT ends_at, ends_at - at AS lasts FROM break_glass WHERE patient_id = %s",
            [patient],
        ).fetchone()
        audited = connection.execute(
            "SELECT FROM audit WHERE action = 'patient.break-glass' AND patients = %s", [[patient]]
        ).fetchall()
    assert row is not None
    assert row["lasts"].total_seconds() == 3600
    assert not _sees(console, patient, Role.COORDINATOR, row["ends_at"])
    assert len(audited) == 1


def test_it_needs_a_second_factor_of_now_or_of_demo_people_the_password(
    console: Console, patient: UUID
) -> None:
    person = console.people[Role.COORDINATOR, 0]
    with console.database.transaction() as connection:
        set_password(connection, person, hashed(PASSWORD), console.now())
    browser = console.signed_in(person)
    with console.database.transaction() as connection:
        connection.execute("UPDATE session SET second_at = second_at - interval '6 minutes'")
    path = f"/patients/{patient}/break-glass"
    asked = browser.get(path).headers["location"]
    assert asked.startswith("/account/step-up?next=%2Fpatients%2F")
    assert browser.post(path, data={"reason": REASON}).status_code == 303
    assert not _sees(console, patient, Role.COORDINATOR)
    shown = browser.post("/account/step-up", data={"code": PASSWORD, "then": path})
    assert (shown.status_code, shown.headers["location"]) == (303, path)
    assert browser.get(path).status_code == 200


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.ADMINISTRATOR, Role.AUDITOR])
def test_who_sees_no_patients_breaks_no_glass(console: Console, patient: UUID, role: Role) -> None:
    path = f"/patients/{patient}/break-glass"
    assert console.client(role).post(path, data={"reason": REASON}).status_code == 403


def test_another_organisations_patient_is_not_there(console: Console, patient: UUID) -> None:
    path = f"/patients/{patient}/break-glass"
    browser = console.client(Role.COORDINATOR, 1)
    assert browser.post(path, data={"reason": REASON}).status_code == 404


def test_somebody_else_looks_at_it_once(console: Console, patient: UUID) -> None:
    browser = console.signed_in(console.people[Role.COORDINATOR, 0])
    browser.post(f"/patients/{patient}/break-glass", data={"reason": REASON})
    with console.database.transaction() as connection:
        row = connection.execute(
            "SELECT id FROM break_glass WHERE patient_id = %s", [patient]
        ).fetchone()
    assert row is not None
    path, form = f"/break-glass/{row['id']}/review", {"verdict": "in order"}
    assert browser.post(path, data=form).status_code == 403
    assert REASON in console.client(Role.AUDITOR).get("/break-glass").text
    assert console.client(Role.AUDITOR, 1).post(path, data=form).status_code == 409
    assert console.client(Role.AUDITOR).post(path, data=form).status_code == 303
    assert console.client(Role.ADMINISTRATOR).post(path, data=form).status_code == 409
