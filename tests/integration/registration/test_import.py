"""Patients from a file: every problem by line and column, all of them or none."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.care.import_patients import NotImported, Plan, carry_out, plan, template_file
from gateway.cli import app
from gateway.storage.consents import By
from gateway.storage.registrations import find_registered
from tests.integration.registration.conftest import NOW, Clinic

DEFAULTS = {"timezone": "America/Chicago", "language": "en"}
HEAD = "given_name,family_name,birth_date,phone,external_id,address\n"
ADA = "Ada,Lovelace,1948-12-10,(312) 555-0142,M-1,\n"
COMMAND = ["patient", "import", "--json", "--timezone", "America/Chicago"]


def look(clinic: Clinic, text: str | bytes) -> Plan:
    octets = text if isinstance(text, bytes) else text.encode()
    with clinic.at_work() as connection:
        return plan(connection, clinic.organisation, octets, NOW.date(), DEFAULTS)


def found(clinic: Clinic, text: str | bytes) -> list[tuple[int, str]]:
    return [(each.line, each.column) for each in look(clinic, text).problems]


def test_the_template_can_be_imported_as_it_is(clinic: Clinic) -> None:
    planned = look(clinic, template_file())
    assert planned.problems == ()
    with clinic.at_work() as connection:
        (id_,) = carry_out(connection, clinic.organisation, planned, By("Bea"), NOW)
        assert find_registered(connection, id_).details.contacts[0].relation == "child"


def test_problems_name_the_line_on_which_a_patient_begins(clinic: Clinic) -> None:
    text = HEAD + ADA + '\nBob,Ray,1950-02-30,5,M-2,"one\ntwo"\n,Roy,1950-01-01,5550142,M-3,\n'
    assert found(clinic, text) == [
        (4, "birth_date"),
        (4, "phone"),
        (6, "given_name"),
        (6, "phone"),
    ]
    assert look(clinic, text).read == 3


def test_who_is_there_twice_is_told(clinic: Clinic) -> None:
    planned = look(clinic, HEAD + ADA)
    with clinic.at_work() as connection:
        carry_out(connection, clinic.organisation, planned, By("Bea"), NOW)
    text = (
        HEAD + ADA + "Eve,New,1950-01-01,3125550143,M-9,\n" + "eve,NEW,1950-01-01,3125550143,M-9,\n"
    )
    assert found(clinic, text) == [(2, "external_id"), (4, "external_id"), (4, "another_person")]


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (b"\xff\xfe\x00", [(1, "")]),
        ("", [(1, "")]),
        (HEAD, [(1, "")]),
        ("given_name,family_name,birth_date\n", [(1, "phone")]),
        ("given_name,family_name,birth_date,phone,shoe\n", [(1, "shoe")]),
        (HEAD + "Ada,Lovelace,1948-12-10,3125550142,,,more\n", [(2, "")]),
        (HEAD + 'Ada,"Love', [(2, "")]),
    ],
)
def test_a_file_that_is_none_is_told(
    clinic: Clinic, text: str | bytes, problems: list[tuple[int, str]]
) -> None:
    assert found(clinic, text) == problems
    with clinic.at_work() as connection, pytest.raises(NotImported):
        carry_out(connection, clinic.organisation, look(clinic, text), By("Bea"), NOW)


def test_semicolons_and_a_mark_of_byte_order_are_read(clinic: Clinic) -> None:
    text = (HEAD + "Ada,Lovelace,1948-12-10,3125550142,,\n").replace(",", ";")
    assert look(clinic, b"\xef\xbb\xbf" + text.encode()).fits


def test_the_command_tells_every_line_and_imports_nobody_or_all(
    clinic: Clinic, tmp_path: Path
) -> None:
    file = tmp_path / "patients.csv"

    def run(*more: str) -> tuple[int, dict[str, object]]:
        asked = [*COMMAND, str(file), "--organisation", str(clinic.organisation), *more]
        environment = {"HEARTHLINE_DATABASE_URL": clinic.database.url}
        done = CliRunner().invoke(app, asked, env=environment)
        return done.exit_code, json.loads(done.stdout)

    file.write_text(HEAD + ADA + "Bob,Ray,1950-01-01,5,,\n")
    code, told = run()
    assert (code, told["imported"], told["read"]) == (2, 0, 2)
    assert told["problems"] == [
        {
            "line": 3,
            "column": "phone",
            "problem": "No telephone has this number. Write it as it is dialled there, or with + "
            "and the country.",
        }
    ]
    file.write_text(HEAD + ADA)
    tried = {"read": 1, "imported": 0, "dry_run": True, "patients": [], "problems": []}
    assert run("--dry-run") == (0, tried)
    told = run()[1]
    assert told["imported"] == 1
    with clinic.at_work() as connection:
        rows = connection.execute("SELECT action, actor_kind FROM audit").fetchall()
        made = connection.execute("SELECT id FROM patient").fetchall()
    assert told["patients"] == [str(row["id"]) for row in made]
    assert rows == [{"action": "patient.import", "actor_kind": "operator"}]
