"""The FHIR connector against Medplum's own FHIR router and repository in memory.

Not the whole of Medplum's server, which is in no registry: no sign-in, no PostgreSQL, one page for
every search, references by search left as they are, and a transaction that fails keeps what it did
before. Once as a project that does transactions, once as one that takes them for batches.
"""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.care.moves import Status
from gateway.connectors import kinds
from gateway.connectors.ports import Changed, Changes, Connector, Known, Refused
from tests.integration.connectors.works import END, full, minimal, put, taken

HERE = Path(__file__).parent / "medplum"
INSTALLED = Path(__file__).parents[3] / "var" / "medplum"
SYSTEM = "urn:hearthline"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["transactions", "batches"])
def server(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[str]:
    """Run it; its address is the line that it writes."""
    node = shutil.which("node")
    if node is None or not (INSTALLED / "node_modules").is_dir():
        pytest.skip("Medplum's router is not installed: make test-fhir-server")
    # Modules are looked for beside the program.
    program = INSTALLED / f"{tmp_path_factory.mktemp('medplum').name}.js"
    shutil.copy(HERE / "server.js", program)
    running = subprocess.Popen([node, program, request.param], stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None
        yield running.stdout.readline().strip()
    finally:
        running.kill()
        running.communicate()
        program.unlink()


@pytest.fixture
def connector(server: str) -> Connector:
    return kinds()["fhir"].build({"url": server})


def held(server: str, kind: str, system: str, value: object) -> list[dict[str, Any]]:
    query = {"identifier": f"{SYSTEM}:{system}|{value}"}
    bundle = httpx.get(f"{server}/{kind}", params=query).json()
    return [each["resource"] for each in bundle.get("entry", ())]


def edited(server: str, task: dict[str, Any], **changes: Any) -> None:
    answer = httpx.put(f"{server}/Task/{task['id']}", json={**task, **changes})
    assert answer.status_code == httpx.codes.OK, answer.text


def test_all_is_there_once(connector: Connector, server: str) -> None:
    work = full()
    put(connector, work)
    known = put(connector, work)
    mine = taken(work, status=Status.COMPLETED, end=END, closed_at=datetime.now(UTC))
    put(connector, replace(mine, alert_state="resolved"), known)
    (task,) = held(server, "Task", "task", work.task)
    (issue,) = held(server, "DetectedIssue", "alert", work.alert)
    (flag,) = held(server, "Flag", "alert", work.alert)
    reading = f"{work.evidence[0].reading}-blood_pressure"
    (observation,) = held(server, "Observation", "reading", reading)
    (device,) = held(server, "Device", "device", work.evidence[0].device)
    (note,) = held(server, "Communication", "note", work.task)
    assert (task["status"], task["owner"]) == ("completed", {"display": "Ada Byron"})
    assert task["focus"] == {"reference": f"DetectedIssue/{issue['id']}"}
    assert (issue["status"], flag["status"]) == ("final", "inactive")
    assert issue["implicated"] == [{"reference": f"Observation/{observation['id']}"}]
    assert observation["device"] == {"reference": f"Device/{device['id']}"}
    assert note["about"] == [{"reference": f"Task/{task['id']}"}]


def test_what_a_person_did_is_kept_and_told(connector: Connector, server: str) -> None:
    cursor = started(connector)
    work = minimal()
    known = put(connector, work)
    (task,) = held(server, "Task", "task", work.task)
    owner = {"type": "Practitioner", "display": "Grace Hopper"}
    edited(server, task, status="in-progress", owner=owner)
    changed = connector.put(replace(work, version=2), known)
    assert isinstance(changed, Changed)
    assert (changed.remote.status, changed.remote.owner) == (Status.IN_PROGRESS, "Grace Hopper")
    told = connector.changes(cursor, datetime.now(UTC))
    assert isinstance(told, Changes)
    assert changed.remote in told.items
    now = Known(changed.remote.remote_id, changed.remote.version)
    mine = taken(work, status=Status.IN_PROGRESS, owner="Grace Hopper")
    assert put(connector, mine, now).version != now.version
    assert held(server, "Task", "task", work.task)[0]["owner"] == owner


def started(connector: Connector) -> str:
    told = connector.changes(None, datetime.now(UTC))
    assert isinstance(told, Changes)
    return told.cursor


def test_a_write_between_the_look_and_the_change_is_seen(connector: Connector, server: str) -> None:
    """What If-Match is for: the task changes after we have looked at it."""
    work = minimal()
    known = put(connector, work)
    (task,) = held(server, "Task", "task", work.task)
    request = connector._update  # type: ignore[attr-defined]
    edited(server, task, status="on-hold")
    changed = request(taken(work), task, known.version)
    assert isinstance(changed, Changed)
    assert changed.remote.status is Status.ON_HOLD
    assert held(server, "Task", "task", work.task)[0]["status"] == "on-hold"


def test_of_two_there_none_is_changed(connector: Connector, server: str) -> None:
    work = minimal()
    known = put(connector, work)
    (task,) = held(server, "Task", "task", work.task)
    httpx.post(f"{server}/Task", json={key: task[key] for key in task if key not in ("id", "meta")})
    assert isinstance(connector.put(taken(work), known), Refused)
    assert isinstance(connector.put(work, None), Refused)
