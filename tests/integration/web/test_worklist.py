"""The worklist: order, filters, who may see what; of two who take one task exactly one wins."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from gateway.access.rights import Role
from tests.fixtures.console import Console
from tests.integration.web.work import add_patient, add_task

HTMX = {"hx-request": "true"}


@pytest.fixture
def patient(console: Console) -> UUID:
    with console.database.transaction() as connection:
        return add_patient(connection, console.organisations[0], "Grace Hopper")


def task_of(console: Console, patient: UUID, **more: object) -> UUID:
    with console.database.transaction() as connection:
        return add_task(connection, console.organisations[0], patient, **more)


def places(html: str, *tasks: UUID) -> list[int]:
    return [html.find(f'id="t-{task}"') for task in tasks]


def owner(console: Console, task: UUID) -> tuple[str | None, str]:
    with console.database.transaction() as connection:
        row = connection.execute("SELECT owner, status FROM task WHERE id = %s", [task]).fetchone()
    assert row is not None
    return row["owner"], row["status"]


def test_the_worst_is_first_and_each_row_says_why(console: Console, patient: UUID) -> None:
    mild = task_of(console, patient, priority="P3", sentence="Weight 84.6 kg is above 82.")
    worst = task_of(console, patient, priority="P1", sentence="Glucose 50 mg/dL is below 54.")
    html = console.client(Role.COORDINATOR).get("/worklist").text
    first, second = places(html, worst, mild)
    assert -1 < first < second
    assert "Glucose 50 mg/dL is below 54." in html
    assert 'href="/worklist?queue=adherence"' in html


def test_a_name_is_looked_for_in_a_form_and_stands_in_no_address(
    console: Console, patient: UUID
) -> None:
    with console.database.transaction() as connection:
        other = add_patient(connection, console.organisations[0], "Alan Turing")
    mine, others = task_of(console, patient), task_of(console, other)
    browser = console.client(Role.COORDINATOR)
    html = browser.post("/worklist", data={"named": "hopp"}, headers=HTMX).text
    found, left_out = places(html, mine, others)
    assert found > -1
    assert left_out == -1
    assert "<html" not in html
    assert "hopp" not in browser.get("/worklist?named=hopp").text


def test_filters_and_pages_by_key(console: Console, patient: UUID) -> None:
    tasks = [task_of(console, patient, queue="adherence", priority="P4") for _ in range(51)]
    browser = console.client(Role.COORDINATOR)
    first = browser.get("/worklist?queue=adherence&priority=P4").text
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    second = browser.get(following.replace("&amp;", "&")).text
    shown = [sum(place > -1 for place in places(html, *tasks)) for html in (first, second)]
    assert shown == [50, 1]
    assert browser.get("/worklist?queue=nothing").status_code == 422


def test_a_technician_sees_the_technical_queue_only(console: Console, patient: UUID) -> None:
    clinical = task_of(console, patient, sentence="Systolic 190 mmHg.")
    technical = task_of(console, patient, queue="technical", sentence="Change the battery.")
    browser = console.client(Role.TECHNICIAN)
    html = browser.get("/worklist?queue=clinical").text
    assert places(html, clinical)[0] == -1
    assert places(html, technical)[0] > -1
    assert "Systolic 190" not in html
    assert 'name="programme"' not in html  # it would tell what somebody has
    assert browser.get(f"/tasks/{clinical}").status_code == 404
    assert browser.get(f"/tasks/{technical}").status_code == 200


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR])
def test_who_gives_rights_or_audits_sees_no_task(console: Console, role: Role) -> None:
    assert console.client(role).get("/worklist").status_code == 403


def test_another_organisation_sees_nothing(console: Console, patient: UUID) -> None:
    task = task_of(console, patient)
    browser = console.client(Role.COORDINATOR, 1)
    assert places(browser.get("/worklist").text, task)[0] == -1
    assert browser.post(f"/tasks/{task}/take").status_code == 404


def test_of_two_who_take_at_once_one_wins_and_the_other_is_told(
    console: Console, patient: UUID
) -> None:
    task = task_of(console, patient)
    people = [Role.COORDINATOR, Role.CLINICIAN]
    browsers = [console.client(role) for role in people]
    at_once = Barrier(2)

    def take(browser: TestClient) -> tuple[int, str]:
        at_once.wait()
        answer = browser.post(f"/tasks/{task}/take", headers=HTMX)
        return answer.status_code, answer.text

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(take, browsers))
    codes = [code for code, _ in answers]
    assert sorted(codes) == [204, 409]
    winner = f"{people[codes.index(204)].title()} 0"
    assert f"{winner} has it already" in answers[codes.index(409)][1]
    assert owner(console, task) == (winner, "accepted")


def seen_by(browser: TestClient, task: UUID) -> str:
    """Return what a form says of the task as it was shown."""
    form = browser.get(f"/tasks/{task}/ask/give", headers=HTMX).text
    return form.split('name="seen" value="')[1].split('"')[0].replace("&#34;", '"')


def test_what_was_handed_over_meanwhile_is_not_handed_over_again(
    console: Console, patient: UUID
) -> None:
    task = task_of(console, patient)
    browser = console.client(Role.COORDINATOR)
    seen = seen_by(browser, task)
    clinician = console.people[Role.CLINICIAN, 0]
    asked = {"to": str(clinician), "seen": seen}
    other = console.client(Role.CLINICIAN)
    assert other.post(f"/tasks/{task}/take", headers=HTMX).status_code == 204
    assert browser.post(f"/tasks/{task}/give", data=asked, headers=HTMX).status_code == 412
    assert owner(console, task) == ("Clinician 0", "accepted")


def test_many_at_once_only_where_it_is_not_urgent(console: Console, patient: UUID) -> None:
    low = [task_of(console, patient, priority=priority) for priority in ("P3", "P4")]
    urgent = task_of(console, patient, priority="P2")
    browser = console.client(Role.COORDINATOR)
    refused = browser.post("/worklist/take", data={"task": [*low, urgent]}, headers=HTMX)
    assert refused.status_code == 400
    assert [owner(console, task)[1] for task in low] == ["requested", "requested"]
    taken = browser.post("/worklist/take", data={"task": low}, headers=HTMX)
    assert taken.status_code == 204
    assert {owner(console, task) for task in low} == {("Coordinator 0", "accepted")}
    with console.database.transaction() as connection:
        recorded = connection.execute(
            "SELECT patients, detail FROM audit WHERE action = 'task.take'"
            " ORDER BY seq DESC LIMIT 1"
        ).fetchone()
    assert recorded == {"patients": [patient], "detail": {"tasks": [str(task) for task in low]}}
    # What a third person has stays there.
    asked = {"task": low, "to": str(console.people[Role.COORDINATOR, 0])}
    told = console.client(Role.CLINICIAN).post("/worklist/give", data=asked, headers=HTMX)
    assert "not possible for 2" in told.headers["hx-trigger"]


def test_many_are_given_to_whom_their_queue_is_for(console: Console, patient: UUID) -> None:
    technical = task_of(console, patient, priority="P3", queue="technical")
    clinical = task_of(console, patient, priority="P3")
    browser = console.client(Role.COORDINATOR)
    name = f'<option value="{console.people[Role.TECHNICIAN, 0]}">'
    assert name in browser.get("/worklist/ask/give?queue=technical").text
    assert name not in browser.get("/worklist/ask/give?queue=clinical").text
    to = {"to": str(console.people[Role.TECHNICIAN, 0])}
    both = browser.post("/worklist/give", data=to | {"task": [technical, clinical]}, headers=HTMX)
    assert both.status_code == 409
    one = browser.post("/worklist/give", data=to | {"task": [technical]}, headers=HTMX)
    assert one.status_code == 204
    assert owner(console, technical) == ("Technician 0", "requested")
    assert owner(console, clinical)[0] is None


def test_a_snooze_says_until_when(console: Console, patient: UUID) -> None:
    task = task_of(console, patient, priority="P3")
    browser = console.client(Role.COORDINATOR)
    asked = {"hours": "4", "reason": "At the dentist.", "seen": seen_by(browser, task)}
    answer = browser.post(f"/tasks/{task}/snooze", data=asked, headers=HTMX)
    assert "Snoozed until" in answer.headers["hx-trigger"]
    row = browser.get("/worklist?priority=P3").text.split(f'id="t-{task}"')[1].split("</li>")[0]
    assert "snoozed until" in row


def test_the_page_has_no_code_in_it(console: Console, patient: UUID) -> None:
    task_of(console, patient)
    html = console.client(Role.COORDINATOR).get("/worklist").text
    for forbidden in (" style=", " onclick=", "<style", "javascript:"):
        assert forbidden not in html
    assert html.count("<script ") == html.count("<script src=") == html.count("</script>")
