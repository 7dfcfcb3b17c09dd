"""The audit, as an auditor looks at it: by API, as a page and as a file."""

import csv
from datetime import UTC, datetime
from io import StringIO
from uuid import UUID, uuid4

import pytest

from gateway.access.rights import Role
from gateway.audit.append import append
from gateway.storage import homes
from tests.fixtures.console import Console
from tests.integration.audit.test_append import somebody

AT = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def patients(console: Console) -> list[UUID]:
    """Have somebody see two patients of each organisation, and one of them with a bad name."""
    made = []
    with console.database.transaction() as connection:
        for which in (0, 1):
            organisation = console.organisations[which]
            who = somebody(organisation, ("N. Night", "=cmd()")[which])
            for name in ("Ada Lovelace", "Grace Hopper"):
                patient = homes.add_patient(connection, organisation, name, "Europe/Vienna")
                append(connection, who, "patient.view", at=AT, patient=patient)
                append(connection, who, "note.add", at=AT, patient=patient)
                made.append(patient)
            append(connection, who, "task.list", at=AT, detail={"patients": made[-2:]})
    return made


def test_pages_of_entries_end_with_the_first(console: Console, patients: list[UUID]) -> None:
    auditor, seen, cursor = console.client(Role.AUDITOR), [], None
    while True:
        asked = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        answer = auditor.get("/api/v1/audit", params=asked)
        assert answer.status_code == 200, answer.text
        seen += [entry["seq"] for entry in answer.json()["items"]]
        cursor = answer.json()["next"]
        if cursor is None:
            break
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == 1
    assert len(patients) == 4


def test_who_saw_a_patient(console: Console, patients: list[UUID]) -> None:
    auditor = console.client(Role.AUDITOR)
    answer = auditor.get(f"/api/v1/audit/patients/{patients[0]}")
    (night,) = [one for one in answer.json() if one["actor"] == "N. Night"]
    assert night["times"] == 3
    assert night["actions"] == ["note.add", "patient.view", "task.list"]
    later = auditor.get(
        f"/api/v1/audit/patients/{patients[0]}", params={"until": "2026-11-20T07:00:00Z"}
    )
    assert later.json() == []


def test_nobody_sees_entries_of_another_organisation(
    console: Console, patients: list[UUID]
) -> None:
    auditor = console.client(Role.AUDITOR)
    assert auditor.get(f"/api/v1/audit/patients/{patients[2]}").status_code == 404
    assert auditor.get("/audit", params={"patient": str(patients[2])}).status_code == 404
    answer = auditor.get("/api/v1/audit", params={"patient": str(patients[2])})
    assert answer.json()["items"] == []


def test_to_look_at_the_audit_is_an_entry(console: Console, patients: list[UUID]) -> None:
    auditor = console.client(Role.AUDITOR)
    auditor.get(f"/api/v1/audit/patients/{patients[1]}")
    (last,) = auditor.get("/api/v1/audit", params={"limit": 1}).json()["items"]
    assert (last["action"], last["patients"]) == ("audit.view", [str(patients[1])])


def test_the_file_has_what_was_asked_for_and_no_formula(
    console: Console, patients: list[UUID]
) -> None:
    auditor = console.client(Role.AUDITOR, 1)
    asked = {"patient": str(patients[2]), "action": "patient"}
    answer = auditor.get("/api/v1/audit/export", params=asked)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    (row,) = csv.DictReader(StringIO(answer.text))
    assert row["action"] == "patient.view"
    assert row["patients"] == "Ada Lovelace"
    assert row["actor"] == "'=cmd()"


def test_the_page_finds_a_patient_by_name_and_says_who_saw_them(
    console: Console, patients: list[UUID]
) -> None:
    auditor = console.client(Role.AUDITOR)
    found = auditor.post("/audit", data={"named": "LOVE"})
    assert f"/audit?patient={patients[0]}" in found.text
    assert found.text.count('Ada Lovelace</a> <span class="mono') == 1  # of two organisations
    page = auditor.get("/audit", params={"patient": str(patients[0]), "since": "2026-11-20"})
    assert page.status_code == 200
    assert "Who saw Ada Lovelace" in page.text
    assert "N. Night" in page.text
    before = auditor.get("/audit", params={"patient": str(patients[0]), "until": "2026-11-19"})
    assert "Nobody, in this time" in before.text


@pytest.mark.parametrize(
    "asked",
    [
        {"person": str(uuid4())},
        {"person": "", "since": "", "until": "", "action": ""},
        {"since": "0001-01-01", "until": "9999-12-31"},
        {"before": str(2**63 - 1)},
    ],
)
def test_the_page_takes_any_filter(console: Console, asked: dict[str, str]) -> None:
    assert console.client(Role.AUDITOR).get("/audit", params=asked).status_code == 200


@pytest.mark.parametrize("asked", [{"before": "0"}, {"person": "x"}, {"action": "A B"}])
def test_the_page_refuses_what_is_no_filter(console: Console, asked: dict[str, str]) -> None:
    assert console.client(Role.AUDITOR).get("/audit", params=asked).status_code == 422
