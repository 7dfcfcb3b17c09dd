"""Symptoms: an answer brings limits nearer, also for what was evaluated before it came."""

from datetime import timedelta

import pytest

from alerting.packs.loader import read_packs
from gateway.care.dispositions import Answered
from gateway.errors import NotFound, WrongInput
from gateway.storage import programmes
from gateway.storage.database import Database
from gateway.storage.programmes import Approval
from gateway.storage.symptoms import Answer, Symptom, add_answer, list_answers
from tests.fixtures.site import Site, make_site
from tests.integration.alerting.homes import NOW, ago, evaluate, rows, take_pressures

TOLD = (Symptom.SWELLING, Symptom.SHORT_OF_BREATH)


@pytest.fixture
def follower(database: Database, site: Site) -> Site:
    """Take the patient into a programme for heart failure."""
    pack = read_packs()["heart_failure"]
    who = Approval(clinician="Dr Example", role="cardiologist", approved_at=ago(48))
    with database.transaction() as connection:
        programmes.approve(connection, site.organisation, pack, who, "admin")
        programmes.add_programme(
            connection, site.organisation, "hf", "HF", [pack], "admin", ago(48)
        )
        programmes.join(connection, site.organisation, "hf", site.patient, "a", "why", ago(48))
    return site


def answer(database: Database, site: Site, hours: float, *told: Symptom) -> int:
    with database.transaction() as connection:
        given = Answer(ago(hours), told, Answered.PATIENT)
        return add_answer(connection, site.organisation, site.patient, given, "nurse", NOW)


def alerts(database: Database) -> list[str]:
    found = rows(database, "SELECT rule_key, severity FROM alert ORDER BY rule_key")
    return [f"{row['rule_key']} {row['severity']}" for row in found]


def test_an_answer_lets_what_was_measured_before_it_be_judged_again(
    database: Database, follower: Site
) -> None:
    take_pressures(follower, database, (165, 85, 2))
    evaluate(database)
    assert alerts(database) == []
    assert answer(database, follower, 1.9, *TOLD) == 1
    assert evaluate(database) == 1
    assert alerts(database) == ["hf_systolic_high P2"]
    (task,) = rows(database, "SELECT sentence FROM task")
    assert "is above 160, a limit for days with symptoms, told at " in task["sentence"]
    take_pressures(follower, database, (150, 85, 1.5), (150, 85, 1.4))
    evaluate(database)
    (alert,) = rows(database, "SELECT state FROM alert")
    assert alert["state"] == "resolved"


def test_the_programme_s_rule_stands_in_for_everybody_s(database: Database, follower: Site) -> None:
    take_pressures(follower, database, (185, 85, 3))
    evaluate(database)
    assert alerts(database) == ["hf_systolic_high P2"]


def test_an_answer_that_there_are_none_moves_nothing(database: Database, follower: Site) -> None:
    answer(database, follower, 1.9)
    take_pressures(follower, database, (165, 85, 2))
    evaluate(database)
    assert alerts(database) == []
    with database.transaction() as connection:
        (told,) = list_answers(connection, follower.organisation, follower.patient)
    assert (told["number"], told["codes"], told["answered_by"]) == (0, [], "patient")


def test_who_may_be_answered_for(database: Database, site: Site) -> None:
    other = make_site(database)
    given = Answer(ago(1), TOLD, Answered.PATIENT)
    with database.transaction() as connection, pytest.raises(NotFound):
        add_answer(connection, other.organisation, site.patient, given, "nurse", NOW)
    with database.transaction() as connection, pytest.raises(WrongInput, match="future"):
        add_answer(
            connection, site.organisation, site.patient, given, "nurse", ago(1) - timedelta(1)
        )
