"""What is told of a restricted patient to who is not of the care team: that there is one."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from gateway.access.rights import Role
from gateway.storage.care_teams import add_team
from tests.integration.api_v1.conftest import World

TECHNICIAN = Role.TECHNICIAN


@pytest.fixture
def team(world: World) -> Iterator[UUID]:
    """Close the patient's record to everybody here."""
    now, place = world.console.now(), world.console.organisations[0]
    with world.console.database.transaction() as connection:
        id_ = add_team(connection, place, f"VIP {uuid4()}", "x", now)
        told = [id_, world.patient]
        connection.execute(
            "UPDATE patient SET care_team_id = %s, restricted = true WHERE id = %s", told
        )
    yield id_
    with world.console.database.transaction() as connection:
        connection.execute("UPDATE patient SET restricted = false WHERE id = %s", [world.patient])


@pytest.mark.usefixtures("team")
def test_a_task_tells_no_rule_and_no_reason(world: World) -> None:
    hidden = world.get("/tasks")["items"]
    assert hidden
    assert all(task["hidden"] for task in hidden)
    for word in ("rule_key", "direction", "device_id", "snoozed_why"):
        assert {task[word] for task in hidden} == {None}, word
    assert {alert["direction"] for alert in world.get("/alerts")["items"]} == {""}


@pytest.mark.usefixtures("team")
def test_a_programme_does_not_tell_who_is_in_it(world: World) -> None:
    place, now = world.console.organisations[0], world.console.now()
    with world.console.database.transaction() as connection:
        id_ = uuid4()
        connection.execute(
            "INSERT INTO programme (id, organisation_id, key, title, packs, author,"
            " created_at) VALUES (%s, %s, 'secret', 'Secret', '{}', 'x', %s)",
            [id_, place, now],
        )
        connection.execute(
            "INSERT INTO programme_member (organisation_id, programme_id, patient_id, since,"
            " author, reason) VALUES (%s, %s, %s, %s, 'x', 'because')",
            [place, id_, world.patient, now],
        )
    assert world.get("/patients", programme="secret")["items"] == []
    page = world.console.client(Role.COORDINATOR).get("/worklist?programme=secret")
    assert "No task is like that" in page.text


@pytest.mark.usefixtures("team")
def test_a_device_tells_no_name_and_stays_theirs(world: World) -> None:
    devices = world.get("/devices", TECHNICIAN)["items"]
    assert {user["patient"] for device in devices for user in device["users"]} == {""}
    ended = world.post(f"/devices/{devices[0]['id']}/end", {}, TECHNICIAN)
    assert world.code(ended) == (403, "restricted")


def test_nobody_takes_themselves_into_a_team_to_see_its_patients(world: World, team: UUID) -> None:
    path, me = f"/care-teams/{team}", world.console.people[Role.COORDINATOR, 0]
    headers = {"if-match": world.ask("GET", path, Role.COORDINATOR).headers["etag"]}
    body = {"function": "nurse"}
    asked = f"{path}/members/{me}"
    refused = world.ask("PUT", asked, Role.COORDINATOR, json=body, headers=headers)
    assert world.code(refused) == (403, "restricted")
    form = {"version": "1", "person": str(me), "function": "nurse"}
    page = world.console.client(Role.COORDINATOR).post(f"/care-teams/{team}/members", data=form)
    assert page.status_code == 403
    other = world.ask("PUT", asked, Role.CLINICIAN, json=body, headers=headers)
    assert other.status_code == 200, other.text
    with world.console.database.transaction() as connection:
        row = connection.execute(
            "SELECT detail FROM audit WHERE action = 'care-team.change' ORDER BY seq DESC LIMIT 1"
        ).fetchone()
    assert row is not None
    assert row["detail"] == {"person": str(me), "function": "nurse"}


def test_an_answer_of_before_is_not_given_again(
    world: World, request: pytest.FixtureRequest
) -> None:
    task = world.get("/tasks")["items"][0]
    path, sent = f"/tasks/{task['id']}/take", {"if_match": task["etag"], "idempotency_key": "one"}
    for _ in range(2):
        assert world.post(path, **sent).status_code == 200
    request.getfixturevalue("team")
    assert world.code(world.post(path, **sent)) == (403, "restricted")
