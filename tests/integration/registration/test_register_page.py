"""The pages of registration and import, as a browser asks for them."""

import json
import re
from typing import Any

import pytest

from gateway.access.rights import Role
from gateway.care.import_patients import template_file
from tests.fixtures.console import Console
from tests.integration.registration.test_import import ADA, HEAD

NEW = {
    "given_name": "Ada",
    "family_name": "Lovelace",
    "birth_date": "1948-12-10",
    "language": "en",
    "timezone": "Europe/Vienna",
    "phone": "0664 1234567",
    "channel": "video",
    "consent_how": "verbal",
    "consent_on": "2026-11-20",
}


def register(console: Console, **fields: str) -> Any:
    return console.client(Role.COORDINATOR).post("/register", data={**NEW, **fields})


def registered(console: Console, **fields: str) -> str:
    answer = register(console, **fields)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].removesuffix("?new=1"))


def audited(console: Console, action: str) -> list[dict[str, Any]]:
    with console.database.transaction() as connection:
        return connection.execute(
            "SELECT actor, patients, detail FROM audit WHERE action = %s", [action]
        ).fetchall()


def test_a_patient_is_registered_with_what_they_agreed_to(console: Console) -> None:
    place = registered(console)
    page = console.client(Role.COORDINATOR).get(place + "?new=1").text
    assert "Ada Lovelace is registered." in page
    assert "In force" in page
    assert 'value="0664 1234567"' in page
    (told,) = audited(console, "patient.register")
    assert (told["actor"], told["detail"]) == ("Coordinator 0", {"consent": True})
    assert audited(console, "patient.registration")


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(console: Console) -> None:
    answer = register(console, phone="12", birth_date="10.12.48", address="Key <4711>")
    assert answer.status_code == 422
    assert 'id="phone-wrong"' in answer.text
    assert 'id="birth_date-wrong"' in answer.text
    assert 'value="12"' in answer.text
    assert "Key &lt;4711&gt;" in answer.text
    assert "2 things are to be put right" in answer.text


def test_the_second_of_two_people_sees_what_the_first_has_changed(console: Console) -> None:
    place = registered(console, given_name="Grace")
    typed = {**NEW, "given_name": "Grace", "version": "1"}
    first, second = console.client(Role.COORDINATOR), console.client(Role.CLINICIAN)
    assert first.post(place, data={**typed, "phone": "0664 1111111"}).status_code == 303
    answer = second.post(place, data={**typed, "phone": "0664 2222222"})
    assert answer.status_code == 412
    assert "Coordinator 0 changed this" in answer.text
    assert "Stands there now: 0664 1111111" in answer.text
    version = re.search(r'name="version" value="(\d+)"', answer.text)
    assert version is not None
    again = {**typed, "phone": "0664 2222222", "version": version[1]}
    assert second.post(place, data=again).status_code == 303
    assert audited(console, "patient.change")[-1]["detail"] == {"fields": ["phones"]}


def test_somebody_of_the_same_name_is_shown_before_they_are_registered_twice(
    console: Console,
) -> None:
    place = registered(console, given_name="Emmy")
    answer = register(console, given_name="Emmy")
    assert answer.status_code == 422
    assert f"/patients/{place.rpartition('/')[2]}" in answer.text
    registered(console, given_name="Emmy", another_person="yes")


def test_a_consent_is_withdrawn_and_given_again(console: Console) -> None:
    place, browser = registered(console, given_name="Rosa"), console.client(Role.COORDINATOR)
    consent = re.search(r"/consent/([0-9a-f-]{36})/withdraw", browser.get(place).text)
    assert consent is not None
    how = {"how": "verbal"}
    answer = browser.post(f"{place}/consent/{consent[1]}/withdraw", data=how)
    assert answer.status_code == 303
    assert "None in force" in browser.get(place).text
    patient = place.replace("/register/", "/patients/")
    for page in (patient, "/worklist?queue=adherence"):
        assert "consent withdrawn</span>" in browser.get(page).text, page
    task = re.search(r"/tasks/[0-9a-f-]{36}", browser.get(patient).text)
    assert task is not None
    assert "no persuading" in browser.get(task[0]).text
    assert browser.post(f"{place}/consent", data=how).status_code == 303
    assert "Withdrawn" in browser.get(place).text
    assert "consent withdrawn" not in browser.get(patient).text
    assert browser.post(f"{place}/consent", data=how).status_code == 409


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.ADMINISTRATOR, Role.AUDITOR])
def test_who_may_not_register_is_told(console: Console, role: Role) -> None:
    for path in ("/register", "/register/import"):
        assert console.client(role).get(path).status_code == 403


def test_a_patient_of_another_organisation_is_not_there(console: Console) -> None:
    place = registered(console, given_name="Lise")
    assert console.client(Role.COORDINATOR, 1).get(place).status_code == 404


def bring(console: Console, text: str, seen: str = "", **headers: str) -> Any:
    file = {"file": ("patients.csv", text.encode(), "text/csv")}
    browser = console.client(Role.COORDINATOR)
    return browser.post("/register/import", files=file, data={"seen": seen}, headers=headers)


def test_a_file_is_looked_at_first_then_imported_as_it_was_seen(console: Console) -> None:
    text = template_file()
    looked = bring(console, text, **{"hx-request": "true"})
    assert "1 patient would be imported" in looked.text
    assert "<html" not in looked.text
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', looked.text)
    assert seen is not None
    assert bring(console, text.replace("Ada", "Eve"), seen[1]).status_code == 409
    assert "1 patient is imported" in bring(console, text, seen[1]).text
    assert len(audited(console, "patient.import")) == 1
    assert "Nobody would be imported" in bring(console, text, seen[1]).text


def test_every_problem_of_a_file_is_shown_by_line_and_column(console: Console) -> None:
    answer = bring(console, HEAD + ADA.replace("(312) 555-0142", "+43") + ADA.replace("1948", "19"))
    found = re.findall(r'<td class="number">(\d+)</td><td class="mono">(\w+)</td>', answer.text)
    assert ("2", "phone") in found
    assert ("3", "birth_date") in found


def test_the_template_is_a_file_to_keep(console: Console) -> None:
    answer = console.client(Role.COORDINATOR).get("/register/import/template.csv")
    assert answer.text == template_file()
    assert "attachment" in answer.headers["content-disposition"]
    assert json.dumps(answer.headers["cache-control"])
