"""Tasks over the API: the list, its pages, and the moves of people who see the same list."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from gateway.access.rights import Role
from tests.integration.api_v1.conftest import World

CHECKED = {
    "answered_by": "patient",
    "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    "red_flags": [],
}
ENDED = {"urgency": "self_care", "outcome": "repeat_normal", "actionable": True}


def open_tasks(world: World, role: Role = Role.COORDINATOR, **params: Any) -> list[dict[str, Any]]:
    return list(world.get("/tasks", role, **params)["items"])


def the(world: World, rule: str) -> dict[str, Any]:
    return next(task for task in open_tasks(world) if task["rule_key"] == rule)


def test_the_most_urgent_comes_first_and_pages_make_the_whole(world: World) -> None:
    whole = open_tasks(world)
    assert [task["priority"] for task in whole] == ["P1", "P2", "P2"]
    assert whole[0]["sentence"].startswith("Glucose 50 mg/dL at ")
    pages: list[dict[str, Any]] = []
    cursor = None
    while cursor or not pages:
        page = world.get("/tasks", limit=1, **({"cursor": cursor} if cursor else {}))
        pages += page["items"]
        cursor = page["next"]
    assert pages == whole


def test_filters(world: World) -> None:
    assert open_tasks(world, queue="technical") == []
    assert len(open_tasks(world, priority="P2")) == 2
    assert open_tasks(world, patient=str(uuid4())) == []
    found = world.post("/tasks/search", {"named": "EST pat"}).json()["items"]
    assert len(found) == 3
    assert world.post("/tasks/search", {"named": "%"}).json()["items"] == []
    (clinical,) = world.get("/tasks/counts")
    assert (clinical["queue"], clinical["open"]) == ("clinical", 3)


@pytest.mark.parametrize("cursor", ["x", "bm8", "WyIyMDI2Il0", "W10"])
def test_a_cursor_of_nothing_is_told_so(world: World, cursor: str) -> None:
    answer = world.ask("GET", "/tasks", Role.COORDINATOR, params={"cursor": cursor})
    assert world.code(answer) == (400, "wrong_cursor")


def test_a_task_shows_why(world: World) -> None:
    task = the(world, "glucose_low")
    shown = world.get(f"/tasks/{task['id']}")
    assert [line["severity"] for line in shown["evidence"]] == ["P2", "P1"]
    assert shown["explanation"]["rule_key"] == "glucose_low"
    assert shown["ask_for"][:2] == ["cannot_be_woken", "confused"]
    assert [line["event"] for line in shown["history"]] == ["opened", "task_requested"]


def test_another_clinic_sees_none_of_it(world: World) -> None:
    mine = {task["id"] for task in open_tasks(world)}
    others = {task["id"] for task in world.get("/tasks", which=1)["items"]}
    assert mine.isdisjoint(others)
    answer = world.ask("GET", f"/tasks/{mine.pop()}", Role.CLINICIAN, 1)
    assert world.code(answer) == (404, "not_found")


def test_a_technician_sees_technical_tasks_only(world: World) -> None:
    assert open_tasks(world, Role.TECHNICIAN) == []
    assert open_tasks(world, Role.TECHNICIAN, queue="clinical") == []
    task = the(world, "glucose_low")
    for answer in (
        world.ask("GET", f"/tasks/{task['id']}", Role.TECHNICIAN),
        world.post(f"/tasks/{task['id']}/take", role=Role.TECHNICIAN, if_match=task["etag"]),
    ):
        assert world.code(answer) == (404, "not_found")


def test_a_change_says_what_was_seen(world: World) -> None:
    path = f"/tasks/{the(world, 'diastolic_high')['id']}"
    assert world.code(world.post(f"{path}/take")) == (428, "if_match_missing")
    assert world.code(world.post(f"{path}/take", if_match='"0"')) == (412, "changed")


def test_of_two_who_take_a_task_at_once_one_wins(world: World) -> None:
    task = the(world, "systolic_high")
    roles = (Role.COORDINATOR, Role.CLINICIAN)
    for role in roles:
        world.get("/tasks/counts", role)  # both are signed in

    def take(role: Role) -> int:
        return world.post(f"/tasks/{task['id']}/take", role=role, if_match=task["etag"]).status_code

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(take, roles)) == [200, 409]
    taken = the(world, "systolic_high")
    assert taken["status"] == "accepted"
    assert taken["owner"] in ("Coordinator 0", "Clinician 0")


def test_a_request_that_is_sent_again_is_done_once(world: World, key: str) -> None:
    task = the(world, "diastolic_high")
    path, seen = f"/tasks/{task['id']}/take", task["etag"]
    first = world.post(path, if_match=seen, idempotency_key=key)
    again = world.post(path, if_match=seen, idempotency_key=key)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["etag"] == first.headers["etag"]
    shown = world.get(f"/tasks/{task['id']}")
    assert [line["event"] for line in shown["history"]].count("task_accepted") == 1
    back = world.post(
        f"/tasks/{task['id']}/release", {"note": "lunch"}, if_match=first.headers["etag"]
    )
    assert (back.status_code, back.json()["owner"], back.json()["status"]) == (
        200,
        None,
        "requested",
    )


def test_a_key_with_another_body_is_refused(world: World, key: str) -> None:
    path = f"/tasks/{the(world, 'diastolic_high')['id']}/snooze"
    seen = the(world, "diastolic_high")["etag"]
    asked = {"minutes": 30, "reason": "At the dentist."}
    first = world.post(path, asked, if_match=seen, idempotency_key=key)
    assert first.status_code == 200, first.text
    assert first.json()["snoozed_by"] == "Coordinator 0"
    other = world.post(path, asked | {"minutes": 31}, if_match=seen, idempotency_key=key)
    assert world.code(other) == (422, "idempotency_key_used")
    assert len(open_tasks(world, snoozed=True)) == 1
    woken = world.post(path.replace("snooze", "wake"), if_match=first.headers["etag"])
    assert woken.json()["snoozed_until"] is None


def test_assign_and_hand_over(world: World) -> None:
    task = the(world, "diastolic_high")
    path, to = f"/tasks/{task['id']}/assign", world.console.people
    auditor = {"to": str(to[Role.AUDITOR, 0])}
    assert world.code(world.post(path, auditor, if_match=task["etag"])) == (409, "conflict")
    stranger = {"to": str(to[Role.CLINICIAN, 1])}
    assert world.code(world.post(path, stranger, if_match=task["etag"])) == (404, "not_found")
    asked = world.post(path, {"to": str(to[Role.CLINICIAN, 0])}, if_match=task["etag"]).json()
    assert (asked["owner"], asked["status"]) == ("Clinician 0", "requested")
    assert [each["id"] for each in open_tasks(world, Role.CLINICIAN, mine=True)].count(task["id"])


def test_a_red_task_needs_its_checklist_and_may_have_a_follow_up(world: World) -> None:
    task = the(world, "glucose_low")
    path = f"/tasks/{task['id']}"
    taken = world.post(f"{path}/take", if_match=task["etag"])
    begun = world.post(f"{path}/begin", if_match=taken.headers["etag"])
    assert begun.json()["status"] == "in-progress"
    seen = begun.headers["etag"]
    without = world.post(f"{path}/complete", {"disposition": ENDED}, if_match=seen)
    assert world.code(without) == (400, "symptom_check_missing")
    later = {"title": "Call again", "why": "How is she?", "due_at": "2031-01-01T00:00:00Z"}
    whole = {"disposition": ENDED | {"symptom_check": CHECKED}, "follow_up": later}
    done = world.post(f"{path}/complete", whole, if_match=seen)
    assert (done.status_code, done.json()["status"]) == (200, "completed")
    follows = [each for each in open_tasks(world) if each["follows"] == task["id"]]
    assert [each["title"] for each in follows] == ["Call again"]
    closed = world.get("/tasks", closed=True)["items"]
    assert [each["id"] for each in closed] == [task["id"]]
    assert world.code(world.post(f"{path}/take", if_match=done.headers["etag"]))[0] == 409


def test_a_key_that_is_sent_twice_at_once_is_done_once(world: World, key: str) -> None:
    new = {"title": "Look in", "why": "To see", "due_at": "2031-01-01T00:00:00Z"}
    path = f"/patients/{world.patient}/tasks"
    with ThreadPoolExecutor(4) as many:
        made = list(many.map(lambda _: world.post(path, new, idempotency_key=key), range(4)))
    assert {answer.status_code for answer in made} == {201}
    assert len({answer.json()["id"] for answer in made}) == 1
    assert [task["title"] for task in open_tasks(world)].count("Look in") == 1


def test_many_at_once_are_of_low_priority(world: World) -> None:
    red = [task["id"] for task in open_tasks(world, priority="P2")]
    assert world.code(world.post("/tasks/bulk-take", {"tasks": red}))[1] == "only_low_priority"
    low = [task["id"] for task in open_tasks(world, priority="P4")]
    slept = {"tasks": low, "minutes": 30, "reason": "later"}
    assert world.post("/tasks/bulk-snooze", slept).json() == {"tasks": 0}  # of no rule
    taken = world.post("/tasks/bulk-take", {"tasks": low})
    assert taken.json() == {"tasks": len(low)}
    given = {"tasks": low, "to": str(world.console.people[Role.CLINICIAN, 0])}
    assert world.post("/tasks/bulk-assign", given).json() == {"tasks": len(low)}
    again = world.post("/tasks/bulk-assign", given, Role.COORDINATOR)
    assert again.json() == {"tasks": 0}  # they are somebody else's


def test_of_a_restricted_patient_there_is_work_and_no_word_of_it(world: World) -> None:
    with world.console.database.transaction() as connection:
        team = connection.execute(
            "INSERT INTO care_team (id, organisation_id, name, created_by, created_at)"
            " VALUES (gen_random_uuid(), %s, 'VIP', 'x', now()) RETURNING id",
            [world.console.organisations[0]],
        ).fetchone()
        assert team is not None
        connection.execute(
            "UPDATE patient SET care_team_id = %s, restricted = true WHERE id = %s",
            [team["id"], world.patient],
        )
    hidden = open_tasks(world)
    assert hidden
    assert {(task["hidden"], task["title"], task["sentence"]) for task in hidden} == {
        (True, "", "")
    }
    task = hidden[0]
    shown = world.get(f"/tasks/{task['id']}")
    assert (shown["evidence"], shown["explanation"], shown["history"]) == ([], None, [])
    refused = world.post(f"/tasks/{task['id']}/take", if_match=task["etag"])
    assert world.code(refused) == (403, "restricted")
    with world.console.database.transaction() as connection:
        connection.execute("UPDATE task SET queue = 'technical' WHERE id = %s", [task["id"]])
    by_hands = world.get(f"/tasks/{task['id']}")
    assert (by_hands["evidence"], by_hands["explanation"], by_hands["history"]) == ([], None, [])
    alerts = world.get("/alerts")["items"]
    assert {alert["sentence"] for alert in alerts} == {""}
    answer = world.ask("GET", f"/alerts/{alerts[0]['id']}", Role.CLINICIAN)
    assert world.code(answer) == (403, "restricted")


def test_roles_that_do_not_care_for_patients_see_no_task(world: World) -> None:
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        assert world.code(world.ask("GET", "/tasks", role)) == (403, "forbidden")
    nobody = world.console.nobody().get("/api/v1/tasks")
    assert world.code(nobody) == (401, "not_signed_in")
