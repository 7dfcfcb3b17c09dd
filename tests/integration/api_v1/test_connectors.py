"""Connectors at the API and on their page: webhooks in, what is dead, replay."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from standardwebhooks.webhooks import Webhook as Signer

from gateway.access.rights import Role
from gateway.outbox.arrivals import apply_next
from gateway.outbox.file import Entry, find, read_connectors
from gateway.storage.outbox import not_served, register
from tests.integration.alerting.homes import one, rows
from tests.integration.api_v1.conftest import World

PING = "a-ping-and-nothing-else-0001"
OLD, NEW = "whsec_" + "b2xkb2xkb2xkb2xkb2xkb2xk", "whsec_" + "bmV3bmV3bmV3bmV3bmV3bmV3"
FILE = """
[crm]
kind = "webhook"
organisation = "{organisation}"
inbound_secrets = ["{new}", "{old}"]
ping_secrets = ["{ping}"]
url = "http://127.0.0.1:9/tasks"
secrets = ["{new}"]
"""


@pytest.fixture(scope="module")
def entry(world: World) -> Entry:
    """Set up one far side of the first clinic; of its tasks one is dead."""
    home = world.console.app.state.settings.home
    text = FILE.format(organisation=world.console.organisations[0], new=NEW, old=OLD, ping=PING)
    (home / "connectors.toml").write_text(text)
    found = find(read_connectors(home / "connectors.toml"), "crm")
    with world.console.database.transaction() as connection:
        register(connection, [found.row()])
    return found


def task(world: World) -> UUID:
    return UUID(world.get("/tasks", limit=1)["items"][0]["id"])


def send(
    world: World,
    data: dict[str, Any],
    *,
    secret: str = NEW,
    id_: str = "",
    at: datetime | None = None,
    name: str = "crm",
) -> httpx2.Response:
    """Send a webhook as a far side does."""
    at, id_ = at or datetime.now(UTC), id_ or f"msg_{uuid4().hex}"
    body = json.dumps({"type": "task.changed", "data": data})
    headers = {
        "content-type": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Signer(secret).sign(id_, at, body),
    }
    path = f"/api/v1/connectors/{name}/inbox"
    return world.console.nobody().post(path, content=body, headers=headers)


def changed(task: UUID, **more: Any) -> dict[str, Any]:
    return {"task": str(task), "changed_at": datetime.now(UTC).isoformat(), **more}


def applied(world: World, entry: Entry) -> int:
    with world.console.database.connect(autocommit=True) as connection:
        return apply_next(connection, entry, datetime.now(UTC))


@pytest.mark.parametrize("secret", [NEW, OLD], ids=["new", "old"])
def test_what_was_done_there_is_done_here_once(world: World, entry: Entry, secret: str) -> None:
    mine, id_, owner = task(world), f"msg_{uuid4().hex}", f"Cleo {uuid4().hex[:4]}"
    told = changed(mine, status="accepted", owner=owner)
    for _ in range(3):
        assert send(world, told, secret=secret, id_=id_).status_code == 204
    assert [applied(world, entry) for _ in range(2)] == [1, 0]
    row = one(world.console.database, "SELECT status, owner FROM task WHERE id = %s", [mine])
    assert row == {"status": "accepted", "owner": owner}


def test_an_older_message_that_comes_late_changes_nothing(world: World, entry: Entry) -> None:
    mine = task(world)
    late = changed(mine, status="accepted", owner="Long Ago")
    late["changed_at"] = (datetime.now(UTC) - timedelta(minutes=3)).isoformat()
    assert send(world, changed(mine, status="accepted", owner="Just Now")).status_code == 204
    assert send(world, late).status_code == 204
    assert [applied(world, entry) for _ in range(3)] == [1, 1, 0]
    row = one(world.console.database, "SELECT owner FROM task WHERE id = %s", [mine])
    assert row["owner"] == "Just Now"


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "whsec_" + "d3Jvbmd3cm9uZ3dyb25nd3Jvbmc="},
        {"at": datetime.now(UTC) - timedelta(minutes=6)},
        {"at": datetime.now(UTC) + timedelta(hours=1)},
        {"name": "nobody"},
    ],
    ids=["another secret", "too old", "too early", "no such far side"],
)
def test_what_is_not_the_far_sides_is_refused(
    world: World, entry: Entry, wrong: dict[str, Any]
) -> None:
    answer = send(world, changed(task(world), status="accepted"), **wrong)
    assert world.code(answer) == (401, "not_signed_in")
    assert applied(world, entry) == 0


@pytest.mark.parametrize("signature", ["v1", "v1,a", "a,b,c", "v1,\xe9", ""])
@pytest.mark.parametrize("body", [b"{}", b"\xff"])
@pytest.mark.usefixtures("entry")
def test_what_is_no_signature_at_all_is_refused(world: World, signature: str, body: bytes) -> None:
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(datetime.now(UTC).timestamp())),
        "webhook-signature": signature.encode("latin-1"),
    }
    path = "/api/v1/connectors/crm/inbox"
    answer = world.console.nobody().post(path, content=body, headers=headers)  # type: ignore[arg-type]
    assert world.code(answer) == (401, "not_signed_in")


def test_what_is_dated_in_the_future_is_refused(world: World, entry: Entry) -> None:
    ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    told = changed(task(world), status="accepted") | {"changed_at": ahead}
    assert world.code(send(world, told)) == (400, "wrong_input")
    assert applied(world, entry) == 0


def test_what_a_database_cannot_keep_of_a_text_is_left_out(world: World, entry: Entry) -> None:
    mine, owner = task(world), f"Cleo {uuid4().hex[:4]}"
    assert send(world, changed(mine, status="accepted", owner=f"{owner}\0")).status_code == 204
    assert applied(world, entry) == 1
    row = one(world.console.database, "SELECT owner FROM task WHERE id = %s", [mine])
    assert row["owner"] == owner


def test_another_organisations_task_is_none_of_its_business(world: World, entry: Entry) -> None:
    theirs = world.get("/tasks", which=1, limit=1)["items"][0]["id"]
    assert send(world, changed(UUID(theirs), status="accepted", owner="X")).status_code == 204
    assert applied(world, entry) == 0


@pytest.mark.parametrize("body", [{}, {"task": "x"}, {"task": str(uuid4())}, {"secret": 1}])
@pytest.mark.usefixtures("entry")
def test_what_cannot_be_read_is_refused(world: World, body: dict[str, Any]) -> None:
    assert world.code(send(world, body)) == (400, "wrong_input")


def test_who_knows_the_secret_may_ask_us_to_look(world: World, entry: Entry) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    with world.console.database.transaction() as connection:
        connection.execute("UPDATE connector SET poll_at = %s WHERE id = %s", [later, entry.id])
    path = "/api/v1/connectors/crm/ping"
    nobody = world.console.nobody()
    assert nobody.post(path, headers={"authorization": "Bearer no"}).status_code == 401
    assert nobody.post(path).status_code == 401
    signs = {"authorization": f"Bearer {NEW}"}
    assert nobody.post(path, headers=signs).status_code == 401, "it is another secret's work"
    query = "SELECT poll_at FROM connector WHERE id = %s"
    assert one(world.console.database, query, [entry.id])["poll_at"] == later
    assert nobody.post(path, headers={"authorization": f"Bearer {PING}"}).status_code == 204
    assert one(world.console.database, query, [entry.id])["poll_at"] < later


@pytest.mark.usefixtures("entry")
def test_what_was_given_up_is_seen_and_tried_again(world: World) -> None:
    mine = task(world)
    with world.console.database.transaction() as connection:
        connection.execute(
            """UPDATE outbox SET state = 'dead', settled_at = now(), error = 'http_400'
            WHERE task_id = %s""",
            [mine],
        )
    (found,) = world.get("/connectors", Role.ADMINISTRATOR)
    assert (found["standing"], found["dead"]) == ("dead", 1)
    assert world.get("/connectors", Role.ADMINISTRATOR, which=1) == []
    (letter,) = world.get("/connectors/crm/dead", Role.ADMINISTRATOR)["letters"]
    assert (letter["task_id"], letter["error"]) == (str(mine), "http_400")

    page = world.console.client(Role.ADMINISTRATOR).get("/connectors").text
    assert "Some tasks are not taken" in page
    assert str(mine) in page
    assert f'href="/tasks/{mine}"' not in page, "an administrator opens no task"

    answer = world.post("/connectors/crm/replay", {"task": str(mine)}, Role.ADMINISTRATOR)
    assert answer.json()["replayed"] >= 1
    assert world.get("/connectors", Role.ADMINISTRATOR)[0]["dead"] == 0
    again = world.post("/connectors/crm/replay", {"task": str(mine)}, Role.ADMINISTRATOR)
    assert world.code(again) == (404, "not_found")
    query = "SELECT count(*) AS n FROM audit WHERE action = 'connector.replay'"
    assert rows(world.console.database, query)[0]["n"] >= 1


@pytest.mark.usefixtures("entry")
def test_a_wrong_file_is_seen_on_the_page(world: World) -> None:
    file, said = world.console.app.state.settings.home / "connectors.toml", "toml is wrong"
    reader, right = world.console.client(Role.ADMINISTRATOR), file.read_text()
    assert said not in reader.get("/connectors").text
    file.write_text(right + "[crm]")
    assert said in reader.get("/connectors").text
    file.write_text(right)
    with world.console.database.transaction() as connection:
        not_served(connection)
    assert said in reader.get("/connectors").text
    (found,) = world.get("/connectors", Role.ADMINISTRATOR)
    assert (found["standing"], found["error"]) == ("failing", "connectors_toml_wrong")
