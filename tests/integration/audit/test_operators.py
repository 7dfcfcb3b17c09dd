"""What operators do by command stands in the audit, in the transaction of the deed."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.identity.files import make_site_keys
from gateway.storage.database import Database
from tests.fixtures.site import Site, make_site


@pytest.fixture
def home(shared: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Site:
    monkeypatch.setenv("HEARTHLINE_DATABASE_URL", shared.url)
    monkeypatch.setenv("HEARTHLINE_HOME", str(tmp_path))
    return make_site(shared)


def last(database: Database, organisation: UUID) -> dict[str, Any] | None:
    with database.transaction() as connection:
        return connection.execute(
            "SELECT actor_kind, actor, action, patients, subject_kind, detail FROM audit"
            " WHERE organisation_id = %s ORDER BY seq DESC LIMIT 1",
            [organisation],
        ).fetchone()


def run(*words: object) -> int:
    return CliRunner().invoke(app, [str(word) for word in words]).exit_code


def test_a_patients_limits_and_programmes(shared: Database, home: Site) -> None:
    organisation = ("--organisation", home.organisation)
    by = ("--by", "Dr. Night")
    limits = ("spo2_low", "--patient", home.patient, "--to", "P1 <= 85 %", "--reason", "COPD")
    commands: dict[tuple[object, ...], str] = {
        ("rules", "limit", *limits, *organisation, *by): "limits.set",
        ("patient", "add", "Ada", *organisation): "patient.register",
        ("programme", "join", home.patient, "hf", "--reason", "x", *organisation, *by): "",
        ("schedule", "set", home.patient, "weight", *by): "schedule.set",
        ("device", "unassign", home.cuff, *by): "device.end",
        ("hub", "unassign", home.hub, "--device", home.cuff, *by): "device.unpair",
    }
    for command, action in commands.items():
        before = last(shared, home.organisation)
        code = run(*command)
        told = last(shared, home.organisation)
        if not action:  # there is no such programme: nothing done, nothing told
            assert (code, told) != (0, None)
            assert told == before
            continue
        assert code == 0, command
        assert told
        assert told["action"] == action
        assert told["actor_kind"] == "operator"
        assert told["actor"] == "cli:Dr. Night" or by[1] not in command
        assert told["actor"].startswith("cli:")


def test_a_limit_is_the_patients(shared: Database, home: Site) -> None:
    where = ("--organisation", home.organisation, "--by", "Dr. Night")
    limits = ("spo2_low", "--patient", home.patient, "--to", "P1 <= 85 %", "--reason", "COPD")
    assert run("rules", "limit", *limits, *where) == 0
    told = last(shared, home.organisation)
    assert told
    assert told["patients"] == [home.patient]
    assert told["detail"] == {"rule": "spo2_low"}  # not the limit itself


def test_a_task_that_is_not_there_leaves_no_trace(shared: Database, home: Site) -> None:
    assert run("tasks", "accept", uuid4(), "--by", "X") != 0
    assert last(shared, home.organisation) is None


def test_the_audit_is_listed_and_verified(home: Site, tmp_path: Any) -> None:
    make_site_keys(tmp_path / "keys", ["localhost"], datetime.now(UTC))
    run("patient", "add", "Ada", "--organisation", home.organisation)
    listed = CliRunner().invoke(
        app, ["audit", "list", "--organisation", str(home.organisation), "--json"]
    )
    assert '"action": "patient.register"' in listed.stdout
    verified = CliRunner().invoke(app, ["audit", "verify"])
    assert "Test clinic: whole, 1 entries, 0 of them sealed" in verified.stdout
    assert verified.exit_code == 0
