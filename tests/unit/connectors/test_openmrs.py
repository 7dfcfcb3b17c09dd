"""A task as each release of OpenMRS's module fhir2 can keep it."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fhir.resources.R4B.task import Task

from gateway.care.moves import CLOSED, Status
from gateway.connectors import kinds
from gateway.connectors.fhir_parts.codes import STATUS
from gateway.connectors.fhir_parts.openmrs_task import INSTEAD, Release
from gateway.connectors.openmrs import OpenMrs
from gateway.connectors.ports import End
from simulators.far_sides.openmrs import CONCEPTS, KNOWN, LONGEST, PEOPLE, TEAM
from tests.integration.connectors.works import END, SENTENCE, full, minimal, taken

TABLE = {
    "url": "https://emr.example.org/openmrs/ws/fhir2/R4",
    "user": "us",
    "password": "abc",
    "people": PEOPLE,
    "team": TEAM,
    "concepts": CONCEPTS,
}
RELEASES: list[Release] = ["3.0", "4.0", "4.1"]
NOW = datetime.now(UTC)


def connector(**table: object) -> OpenMrs:
    built = kinds()["openmrs"].build({**TABLE, **table})
    assert isinstance(built, OpenMrs)
    return built


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("status", Status)
def test_no_status_is_sent_that_would_be_lost(release: Release, status: Status) -> None:
    word = connector(release=release).pages.word(status)
    assert word in KNOWN[release]
    read = connector(release=release).reads_as(status)
    assert read is STATUS[word]
    assert (read in CLOSED) == (status in CLOSED)
    assert (read is status) == (status not in INSTEAD[release])


def test_without_a_word_the_oldest_release_is_meant() -> None:
    assert connector().pages.settings.release == "3.0"


@pytest.mark.parametrize("work", [minimal(), full(), taken(full(title="Ä" * 300))], ids=range(3))
def test_it_is_r4_and_its_note_fits(work: object) -> None:
    body = connector().requests(work)[-1].body  # type: ignore[arg-type]
    Task.model_validate_json(body)
    (note,) = json.loads(body)["note"]
    assert len(note["text"]) <= LONGEST


def test_a_long_title_leaves_the_link() -> None:
    work = full(title="Ä" * 300)
    (note,) = json.loads(connector().requests(work)[-1].body)["note"]
    assert work.link in note["text"]


def test_the_note_says_why_as_far_as_there_is_room() -> None:
    (note,) = json.loads(connector().requests(full())[-1].body)["note"]
    assert SENTENCE in note["text"]


def test_whoever_is_unknown_there_is_named_in_the_note() -> None:
    task = json.loads(connector().requests(taken(full(), owner="Zoe Old"))[-1].body)
    assert task["owner"]["reference"] == TEAM
    assert "Zoe Old has it." in task["note"][0]["text"]


@pytest.mark.parametrize(
    "end", [END, End("visit_3d", "no_answer_xN", actionable=False, attempts=3)]
)
def test_what_we_write_is_read_as_we_said_it(end: End) -> None:
    work = taken(full(), status=Status.COMPLETED, end=end, closed_at=NOW)
    pages = connector().pages
    task = pages.marked(work, pages.resource(work))
    remote = pages.remote(task, NOW)
    assert remote is not None
    assert (remote.task, remote.status, remote.owner) == (work.task, work.status, work.owner)
    told = End(
        str(remote.urgency),
        str(remote.outcome),
        actionable=bool(remote.actionable),
        attempts=remote.attempts,
        note=remote.note or None,
    )
    assert told == end
    assert pages.untouched(task)
    assert not pages.untouched(task | {"status": "rejected"})


def test_tasks_of_others_are_not_read() -> None:
    pages, work = connector().pages, minimal()
    task = pages.marked(work, pages.resource(work))
    assert pages.remote(task | {"note": [{"text": "Take blood"}]}, NOW) is None
    assert pages.remote(task | {"id": "3"}, NOW) is None
    other = pages.marked(replace(work, link="https://x.example/1"), pages.resource(work))
    assert pages.remote(other, NOW) is None
