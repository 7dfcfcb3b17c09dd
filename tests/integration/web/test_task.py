"""A task from taken to closed: symptom check, coded end, attempts, minutes, what follows."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from gateway.access.rights import Role
from gateway.care.red_flags import asked_for
from gateway.care.tasks import lock_task
from gateway.storage import care_teams
from gateway.storage.contacts import Author, Channel, NewContact, Reached, add_contact
from gateway.storage.minutes import Activity, NewTime, add_time
from tests.fixtures.console import Console
from tests.integration.web.work import add_patient, add_task


def no_flags(subject: str) -> dict[str, str]:
    return {f"flag_{flag}": "no" for flag in asked_for(subject)}


HTMX = {"hx-request": "true"}
END = {"urgency": "self_care", "outcome": "repeat_normal", "actionable": "yes"}
NO_FLAGS = no_flags("several")


@pytest.fixture
def patient(console: Console) -> UUID:
    with console.database.transaction() as connection:
        return add_patient(connection, console.organisations[0], "Grace Hopper")


def taken(console: Console, patient: UUID, **more: Any) -> UUID:
    with console.database.transaction() as connection:
        task = add_task(connection, console.organisations[0], patient, **more)
    answer = console.client(Role.COORDINATOR).post(f"/tasks/{task}/take", headers=HTMX)
    assert answer.status_code == 204
    return task


def close(console: Console, task: UUID, **form: str) -> tuple[int, str]:
    answer = answer_to(console, task, **form)
    return answer.status_code, answer.text


def answer_to(console: Console, task: UUID, **form: str) -> Any:
    browser = console.client(Role.COORDINATOR)
    html = browser.get(f"/tasks/{task}").text
    seen = html.split('name="seen" value="')[1].split('"')[0].replace("&#34;", '"')
    return browser.post(f"/tasks/{task}/close", data={"seen": seen, **form})


def row_of(console: Console, task: UUID) -> dict[str, Any]:
    with console.database.transaction() as connection:
        row = connection.execute("SELECT * FROM task WHERE id = %s", [task]).fetchone()
    assert row is not None
    return row


def test_a_red_task_does_not_close_without_its_checklist(console: Console, patient: UUID) -> None:
    task = taken(console, patient, priority="P1")
    status, html = close(console, task, **END, note="Had forgotten lunch.")
    assert status == 422
    assert "Every symptom needs its answer" in html
    assert "Who told of the symptoms?" in html
    assert "Had forgotten lunch." in html
    one_left_out = dict(list(NO_FLAGS.items())[1:])
    assert close(console, task, **END, **one_left_out, answered_by="patient")[0] == 422
    assert row_of(console, task)["status"] == "accepted"

    assert close(console, task, **END, **NO_FLAGS, answered_by="patient")[0] == 303
    ended = row_of(console, task)
    assert ended["status"] == "completed"
    assert ended["disposition"]["symptom_check"]["red_flags"] == []
    assert "Grace Hopper" in console.client(Role.COORDINATOR).get(f"/tasks/{task}").text


def test_a_red_flag_is_kept(console: Console, patient: UUID) -> None:
    task = taken(console, patient, priority="P1")
    flags = NO_FLAGS | {"flag_chest_pain": "yes"}
    end = END | {"urgency": "emergency_now", "outcome": "no_action"}
    assert close(console, task, **end, **flags, answered_by="carer")[0] == 303
    check = row_of(console, task)["disposition"]["symptom_check"]
    assert check["red_flags"] == ["chest_pain"]
    assert check["answered_by"] == "carer"


def test_low_glucose_is_asked_for_swallowing_first_and_back_pain_may_be_told(
    console: Console, patient: UUID
) -> None:
    task = taken(console, patient, rule="glucose_low", direction="low", priority="P1")
    html = console.client(Role.COORDINATOR).get(f"/tasks/{task}").text
    before, beside = html.split("They tell of something else")
    assert "Cannot swallow" in before
    assert "Back pain" not in before
    assert "Back pain" in beside
    end = END | no_flags("glucose low") | {"answered_by": "carer", "flag_back_pain": "yes"}
    assert close(console, task, **end)[0] == 400  # not a matter of self care
    assert close(console, task, **end | {"urgency": "hospital_today"})[0] == 303
    check = row_of(console, task)["disposition"]["symptom_check"]
    assert check["red_flags"] == ["back_pain"]
    assert check["asked"][0] == "cannot_be_woken"
    assert "Back pain" in console.client(Role.COORDINATOR).get(f"/tasks/{task}").text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"urgency": ""}, "How soon does the patient need whom?"),
        ({"outcome": "cured"}, "What came of it?"),
        ({"actionable": ""}, "Was there something to do?"),
        ({"outcome": "no_answer_xN"}, "How often was it tried?"),
        ({"flag_weakness": "no"}, "Every symptom needs its answer"),
    ],
)
def test_what_is_missing_is_named(
    console: Console, patient: UUID, wrong: dict[str, str], said: str
) -> None:
    task = taken(console, patient, priority="P3")
    status, html = close(console, task, **(END | wrong))
    assert status == 422
    assert said in html.split('id="wrong"')[1]


def test_what_follows_is_a_task_of_its_own(console: Console, patient: UUID) -> None:
    task = taken(console, patient, priority="P3")
    assert close(console, task, **END, again="24", note="Weigh again.")[0] == 303
    with console.database.transaction() as connection:
        row = connection.execute("SELECT * FROM task WHERE follows = %s", [task]).fetchone()
    assert row is not None
    assert (row["sentence"], row["owner"]) == ("Weigh again.", "Coordinator 0")
    assert row["due_at"] - datetime.now(UTC) > timedelta(hours=23)


def test_a_note_of_two_letters_does_not_say_why_to_ask_again(
    console: Console, patient: UUID
) -> None:
    task = taken(console, patient, priority="P3")
    assert close(console, task, **END, again="4", note="ok")[0] == 303
    with console.database.transaction() as connection:
        row = connection.execute("SELECT * FROM task WHERE follows = %s", [task]).fetchone()
    assert row is not None
    assert row["sentence"] == row_of(console, task)["sentence"]


@pytest.mark.parametrize(
    "strange",
    [
        {"outcome": "no_answer_xN", "attempts": "-1"},
        {"minutes": "yes", "began": "2026-11-22T10:00:00", "activity": "call"},
        dict.fromkeys(NO_FLAGS, "maybe") | {"answered_by": "patient"},
    ],
)
def test_what_no_form_sends_closes_nothing(
    console: Console, patient: UUID, strange: dict[str, str]
) -> None:
    task = taken(console, patient, priority="P1")
    form = END | NO_FLAGS | {"answered_by": "patient"} | strange
    assert close(console, task, **form)[0] == 422
    assert row_of(console, task)["status"] == "accepted"


def test_attempts_are_counted_for_the_end(console: Console, patient: UUID) -> None:
    task = taken(console, patient, priority="P3")
    browser = console.client(Role.COORDINATOR)
    for _ in range(2):
        told = {"channel": "telephone", "with_whom": "patient", "outcome": "no_answer"}
        assert browser.post(f"/tasks/{task}/contact", data=told, headers=HTMX).status_code == 204
    html = browser.get(f"/tasks/{task}").text
    assert 'inputmode="numeric" value="2"' in html
    end = END | {"outcome": "no_answer_xN", "attempts": "2"}
    assert close(console, task, **end)[0] == 303
    assert row_of(console, task)["disposition"]["attempts"] == 2


def test_minutes_are_written_with_the_end_and_never_twice(console: Console, patient: UUID) -> None:
    task, other = (taken(console, patient, priority="P3") for _ in range(2))
    began = (datetime.now(UTC) - timedelta(minutes=7)).isoformat()
    minutes = {"minutes": "yes", "began": began, "activity": "call", "spoken": "patient"}
    assert close(console, task, **END, **minutes)[0] == 303
    status, html = close(console, other, **END, **minutes)
    assert status == 409
    assert "written down already" in html
    assert "None of it is free" in html
    assert 'name="minutes" value="yes">' in html  # unticked: to close it is enough
    assert row_of(console, other)["status"] == "accepted"
    with console.database.transaction() as connection:
        rows = connection.execute("SELECT * FROM time_entry WHERE task_id = %s", [task]).fetchall()
    assert [(row["activity"], row["live"], row["person"]) for row in rows] == [
        ("call", True, "Coordinator 0")
    ]


def test_who_has_lost_the_task_does_not_close_it(console: Console, patient: UUID) -> None:
    task = taken(console, patient, priority="P3")
    browser = console.client(Role.COORDINATOR)
    html = browser.get(f"/tasks/{task}").text
    seen = html.split('name="seen" value="')[1].split('"')[0].replace("&#34;", '"')
    to = {"to": str(console.people[Role.CLINICIAN, 0]), "seen": seen}
    assert console.client(Role.CLINICIAN).post(f"/tasks/{task}/give", data=to).status_code == 303
    answer = browser.post(f"/tasks/{task}/close", data={"seen": seen, **END, "note": "All well."})
    assert answer.status_code == 409
    assert "Clinician 0" in answer.text
    assert row_of(console, task)["status"] == "requested"  # asked, and may be away


def test_who_says_not_what_they_saw_moves_nothing(console: Console, patient: UUID) -> None:
    task = taken(console, patient, priority="P3")
    to = {"to": str(console.people[Role.CLINICIAN, 0])}
    assert console.client(Role.CLINICIAN).post(f"/tasks/{task}/give", data=to).status_code == 422
    assert row_of(console, task)["status"] == "accepted"


def test_a_red_flag_is_no_matter_of_self_care(console: Console, patient: UUID) -> None:
    task = taken(console, patient)
    red = {**END, **NO_FLAGS, "flag_chest_pain": "yes", "answered_by": "patient"}
    assert close(console, task, **red | {"urgency": "self_care"})[0] == 400
    assert close(console, task, **red | {"urgency": "emergency_now"})[0] == 303


def test_a_task_tells_what_to_say_and_whom_to_call(console: Console, patient: UUID) -> None:
    task = taken(console, patient, rule="systolic_high")
    with console.database.transaction() as connection:
        connection.execute(
            "UPDATE patient SET phones = ARRAY['+13125550142'], address = '1200 W Harrison St' "
            "WHERE id = %s",
            [patient],
        )
    html = console.client(Role.COORDINATOR).get(f"/tasks/{task}").text
    assert "arm at heart height" in html.replace("\n", " ")
    assert 'href="tel:+13125550142"' in html
    assert "1200 W Harrison St" in html


def test_a_technical_task_tells_nothing_of_a_closed_record(console: Console, patient: UUID) -> None:
    place = console.organisations[0]
    with console.database.transaction() as connection:
        team = care_teams.add_team(connection, place, "Closed", "Bea", datetime.now(UTC))
        connection.execute(
            "UPDATE patient SET restricted = true, care_team_id = %s, phones = "
            "ARRAY['+13125550199'], address = '5 Hidden Street' WHERE id = %s",
            [team, patient],
        )
        task = add_task(connection, place, patient, queue="technical", priority="P3")
    answer = console.client(Role.COORDINATOR).get(f"/tasks/{task}")
    assert answer.status_code == 200
    assert "Hidden Street" not in answer.text
    assert "0199" not in answer.text


def test_every_view_is_recorded(console: Console, patient: UUID) -> None:
    task = taken(console, patient)
    console.client(Role.COORDINATOR).get(f"/tasks/{task}")
    with console.database.transaction() as connection:
        row = connection.execute(
            "SELECT count(*) AS n FROM audit WHERE action = 'task.view' AND subject_id = %s",
            [str(task)],
        ).fetchone()
    assert row == {"n": 1}


def test_who_has_closed_a_task_is_told_so_and_what_is_next(console: Console, patient: UUID) -> None:
    task = taken(console, patient, priority="P4", title="Weight a little up", queue="adherence")
    with console.database.transaction() as connection:
        place = console.organisations[0]
        after = add_task(connection, place, patient, queue="adherence", priority="P2")
    address = answer_to(console, task, **END).headers["location"]
    assert address == f"/worklist?queue=adherence&closed={task}"
    said = console.client(Role.COORDINATOR).get(address).text.split('id="closed"')[1]
    said = said.split("<form")[0]
    for part in ("Task closed", "Measured again", "Weight a little up", f'href="/tasks/{after}"'):
        assert part in said
    # Of what somebody else closed, or nobody, nothing is said.
    assert 'id="closed"' not in console.client(Role.CLINICIAN).get(address).text
    still_open = f"/worklist?queue=adherence&closed={after}"
    assert 'id="closed"' not in console.client(Role.COORDINATOR).get(still_open).text


@pytest.mark.parametrize(
    ("spoken", "live"), [("patient", True), ("others", False), ("nobody", False)]
)
def test_with_minutes_it_is_said_with_whom_somebody_spoke(
    console: Console, patient: UUID, spoken: str, live: bool
) -> None:
    task = taken(console, patient, priority="P3")
    began = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    minutes = {"minutes": "yes", "began": began, "activity": "call"}
    status, html = close(console, task, **END, **minutes)
    assert status == 422
    assert "With whom did you speak" in html.split('id="wrong"')[1]
    with console.database.transaction() as connection:
        connection.execute("DELETE FROM time_entry")  # of the tests before: a minute counts once
    assert close(console, task, **END, **minutes, spoken=spoken)[0] == 303
    with console.database.transaction() as connection:
        rows = connection.execute("SELECT live FROM time_entry WHERE task_id = %s", [task])
        assert [row["live"] for row in rows] == [live]


def test_too_low_an_urgency_says_what_to_do(console: Console, patient: UUID) -> None:
    task = taken(console, patient)
    red = {**END, **NO_FLAGS, "flag_chest_pain": "yes", "answered_by": "patient"}
    status, html = close(console, task, **red)
    said = html.split('id="wrong"')[1].split("</div>")[0]
    assert status == 400
    assert "choose emergency or hospital" in said
    assert "hest pain" not in said
    assert 'id="urgency" aria-invalid="true"' in html


def test_of_minutes_that_overlap_what_is_free_is_offered(console: Console, patient: UUID) -> None:
    """Two tasks are open at once, from ten minutes ago: four were written for the first."""
    first, second = (taken(console, patient, priority="P3") for _ in range(2))
    now = datetime.now(UTC)
    with console.database.transaction() as connection:
        connection.execute("DELETE FROM time_entry")  # of the tests before: a minute counts once
        by = Author(id=console.people[Role.COORDINATOR, 0], name="Coordinator 0")
        began, ended = now - timedelta(minutes=8), now - timedelta(minutes=4)
        other = NewTime(activity=Activity.CALL, began_at=began, ended_at=ended, task_id=first)
        add_time(connection, patient, other, by, now)
    began = now - timedelta(minutes=10)
    minutes = {"minutes": "yes", "began": began.isoformat(), "spoken": "patient"}
    status, html = close(console, second, **END, **minutes)
    assert status == 409
    assert "minutes of it are free" in html.split('id="wrong"')[1]
    assert 'name="free" value="yes" checked' in html
    assert close(console, second, **END, **minutes, free="yes")[0] == 303
    with console.database.transaction() as connection:
        rows = connection.execute(
            "SELECT began_at, ended_at, live FROM time_entry WHERE task_id = %s ORDER BY began_at",
            [second],
        ).fetchall()
    assert [(row["began_at"], row["live"]) for row in rows] == [
        (began, False),
        (now - timedelta(minutes=4), True),  # one contact, not two
    ]
    assert rows[0]["ended_at"] == now - timedelta(minutes=8)
    assert rows[1]["ended_at"] >= now


def test_a_night_is_no_work_whatever_of_it_is_free(console: Console, patient: UUID) -> None:
    task = taken(console, patient, priority="P3")
    began = datetime.now(UTC) - timedelta(hours=15)
    minutes = {"minutes": "yes", "began": began.isoformat(), "spoken": "patient", "free": "yes"}
    status, html = close(console, task, **END, **minutes)
    assert status == 400
    assert "within 8 hours" in html


def test_minutes_can_be_written_while_somebody_closes(console: Console, patient: UUID) -> None:
    """Who closes has the task and waits for the minutes; who has those never waits for the task."""
    task, now = taken(console, patient, priority="P3"), datetime.now(UTC)
    by = Author(id=console.people[Role.CLINICIAN, 0], name="Clinician 0")
    ended = now - timedelta(days=1)
    new = NewTime(
        activity=Activity.CALL,
        began_at=ended - timedelta(minutes=5),
        ended_at=ended,
        task_id=task,
    )
    with console.database.transaction() as closing:
        lock_task(closing, task)
        with console.database.transaction() as connection:
            connection.execute("SET LOCAL lock_timeout = '5s'")
            add_time(connection, patient, new, by, now)


@pytest.mark.parametrize(("outcome", "said"), [("reached", True), ("no_answer", False)])
def test_who_wrote_that_they_reached_the_patient_has_said_it(
    console: Console, patient: UUID, outcome: Reached, said: bool
) -> None:
    task = taken(console, patient, priority="P3")
    new = NewContact(channel=Channel.TELEPHONE, outcome=outcome, task_id=task)
    by = Author(id=console.people[Role.COORDINATOR, 0], name="Coordinator 0")
    with console.database.transaction() as connection:
        add_contact(connection, patient, new, by, datetime.now(UTC))
    html = console.client(Role.COORDINATOR).get(f"/tasks/{task}").text
    assert ('name="spoken" value="patient" checked' in html) is said
    other = console.client(Role.CLINICIAN).get(f"/tasks/{task}").text
    assert 'name="spoken" value="patient" checked' not in other
