"""Patients, their readings and alerts, and what people write down for them."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from gateway.access.rights import Role
from tests.integration.api_v1.conftest import World

NOW = datetime.now(UTC).replace(microsecond=0)


def test_patients_are_listed_and_found_by_a_part_of_their_name(world: World) -> None:
    (patient,) = world.get("/patients")["items"]
    assert (patient["id"], patient["open_tasks"], patient["worst"]) == (
        str(world.patient),
        3,
        "P1",
    )
    found = world.post("/patients/search", {"named": "EST PAT"}).json()
    assert found["items"] == [patient]
    assert world.post("/patients/search", {"named": "nobody"}).json()["items"] == []
    shown = world.ask("GET", f"/patients/{world.patient}", Role.CLINICIAN)
    assert shown.json() == patient
    assert shown.headers["etag"].startswith('"')


def test_another_clinics_patient_is_not_there(world: World) -> None:
    for path in ("", "/readings", "/points", "/buckets", "/contacts", "/notes", "/devices"):
        answer = world.ask("GET", f"/patients/{world.patient}{path}", Role.CLINICIAN, 1)
        assert world.code(answer) == (404, "not_found"), path


def test_readings_in_pages_the_newest_first(world: World) -> None:
    path = f"/patients/{world.patient}/readings"
    whole = world.get(path)["items"]
    assert [each["kind"] for each in whole].count("glucose") == 2
    assert [each["measured_at"] for each in whole] == sorted(
        (each["measured_at"] for each in whole), reverse=True
    )
    first = world.get(path, limit=3)
    assert first["items"] + world.get(path, cursor=first["next"])["items"] == whole
    assert len(world.get(path, kind="glucose")["items"]) == 2
    raw = world.get(f"/readings/{whole[0]['id']}")
    assert raw["body"]["octets"]
    steps = world.get(f"/readings/{whole[0]['id']}/trace")
    assert [step["step"] for step in steps][:2] == ["measured", "indicated"]


def test_points_and_days(world: World) -> None:
    path = f"/patients/{world.patient}"
    points = world.get(f"{path}/points", name="systolic")
    assert [point["number"] for point in points] == ["120", "184", "190"]
    weeks = world.get(f"{path}/buckets", by="month", name="systolic")
    assert sum(week["readings"] for week in weeks) == 3
    assert max(float(week["highest"]) for week in weeks) == 190
    days = world.get(f"{path}/buckets", name="glucose")
    assert all(day["since"].startswith("20") for day in days)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        (None, "0001-01-01T00:00:00Z"),
    ],
)
def test_times_that_are_none(world: World, since: str | None, until: str) -> None:
    params = {"until": until} | ({"since": since} if since else {})
    answer = world.ask("GET", f"/patients/{world.patient}/points", Role.COORDINATOR, params=params)
    assert world.code(answer) == (400, "wrong_input")


def test_alerts_tell_why(world: World) -> None:
    alerts = world.get("/alerts", open=True)["items"]
    assert {each["rule_key"] for each in alerts} >= {"glucose_low", "systolic_high"}
    first = world.get("/alerts", limit=1)
    rest = world.get("/alerts", cursor=first["next"])["items"]
    assert [each["id"] for each in first["items"] + rest] == [
        each["id"] for each in world.get("/alerts")["items"]
    ]
    shown = world.get(f"/alerts/{alerts[0]['id']}")
    assert shown["explanation"]["sentence"] == shown["sentence"]
    assert shown["history"][0]["event"] == "opened"
    other = world.ask("GET", f"/alerts/{alerts[0]['id']}", Role.COORDINATOR, 1)
    assert world.code(other) == (404, "not_found")


def test_contacts_and_notes_stay_as_they_were_written(world: World, key: str) -> None:
    path = f"/patients/{world.patient}"
    called = {"channel": "telephone", "outcome": "no_answer", "note": "rang for long"}
    first = world.post(f"{path}/contacts", called, idempotency_key=key)
    again = world.post(f"{path}/contacts", called, idempotency_key=key)
    assert first.status_code == 201
    assert first.json() == again.json()
    (contact,) = world.get(f"{path}/contacts")["items"]
    assert (contact["author"], contact["outcome"]) == ("Coordinator 0", "no_answer")
    future = called | {"at": (NOW + timedelta(days=1)).isoformat()}
    assert world.code(world.post(f"{path}/contacts", future)) == (400, "wrong_input")
    note = world.post(f"{path}/notes", {"text": "Sleeps badly."}).json()["id"]
    world.post(f"{path}/notes", {"text": "Sleeps well.", "corrects": note})
    notes = world.get(f"{path}/notes")["items"]
    assert {each["text"]: each["corrected"] for each in notes} == {
        "Sleeps badly.": True,
        "Sleeps well.": False,
    }
    strange = {"text": "x", "task_id": str(uuid4())}
    assert world.code(world.post(f"{path}/notes", strange)) == (404, "not_found")


def test_symptoms_have_readings_judged_again(world: World) -> None:
    path = f"/patients/{world.patient}/symptoms"
    told = {"symptoms": ["dizziness"], "answered_by": "patient"}
    answer = world.post(path, told)
    assert answer.status_code == 201, answer.text
    assert answer.json()["readings"] > 0
    assert world.get(path)[0]["codes"] == ["dizziness"]


def test_a_minute_counts_once(world: World) -> None:
    path = f"/patients/{world.patient}/time"
    begun = NOW - timedelta(hours=1)
    worked = {
        "activity": "call",
        "began_at": begun.isoformat(),
        "ended_at": (begun + timedelta(minutes=21)).isoformat(),
        "live": True,
    }
    first = world.post(path, worked)
    assert first.status_code == 201, first.text
    assert world.code(world.post(path, worked)) == (409, "conflict")
    days = {"since": str(begun.date() - timedelta(days=1)), "until": "2100-01-01"}
    assert world.code(world.ask("GET", path, Role.COORDINATOR, params=days))[0] == 400
    days["until"] = str(begun.date() + timedelta(days=2))
    (entry,) = world.get(path, since=days["since"], until=days["until"])
    assert (entry["person"], entry["voided_at"]) == ("Coordinator 0", None)
    month = f"{begun.astimezone(ZoneInfo('Europe/Vienna')):%Y-%m}"
    billed = world.get(f"/patients/{world.patient}/billing", month=month)
    assert billed["month"]["minutes"] == 21
    assert {each["code"]: each["units"] for each in billed["standings"]}["99457"] == 1
    assert "no_consent" in billed["warnings"]
    set_up = {"activity": "set_up", "began_at": worked["ended_at"], "live": True}
    set_up["ended_at"] = (begun + timedelta(minutes=26)).isoformat()
    assert world.post(path, set_up).status_code == 201
    still = world.get(f"/patients/{world.patient}/billing", month=month)["month"]
    assert (still["minutes"], still["live_contacts"]) == (21, 1)  # set-up is no management
    void = world.post(f"{path}/{entry['id']}/void", {"reason": "wrong patient"})
    assert void.status_code == 200
    assert (
        world.get(path, since=days["since"], until=days["until"])[0]["void_reason"]
        == "wrong patient"
    )
    assert world.code(world.post(f"{path}/{entry['id']}/void", {"reason": "again"}))[0] == 404
    qualified = worked | {"qualified": True}
    assert world.code(world.post(path, qualified))[0] == 400
    assert world.post(path, qualified, Role.CLINICIAN).status_code == 201


def test_who_may_not_see_patients(world: World) -> None:
    for role in (Role.ADMINISTRATOR, Role.AUDITOR, Role.TECHNICIAN):
        for path in ("/patients", f"/patients/{world.patient}/readings", "/alerts"):
            assert world.code(world.ask("GET", path, role)) == (403, "forbidden"), (role, path)
