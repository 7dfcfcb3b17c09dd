"""What is a CRM's own: what its documentation says beside what all of them do."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.care.moves import Status
from gateway.connectors import kinds
from gateway.connectors.ports import Changed, Changes, Later, Refused
from simulators.far_sides.faults import Fault
from tests.integration.connectors.conftest import Both
from tests.integration.connectors.works import full, put, taken

CRMS = ("dataverse", "hubspot", "salesforce")


def pair(pairs: Mapping[str, Both], kind: str, **other: Any) -> Both:
    """Return a connector with another table."""
    side = pairs[kind].side
    side.reset()
    return Both(kinds()[kind].build({**side.table(), **other}), side)


@pytest.mark.parametrize("kind", ["dataverse", "salesforce"])
def test_an_edit_between_look_and_write_is_kept(pairs: Mapping[str, Both], kind: str) -> None:
    both, work = pair(pairs, kind), full()
    known = put(both.connector, work)

    def meanwhile() -> None:
        both.side.faults.skew = timedelta(seconds=2)
        both.side.edit(work.task, status="in-progress", owner="Grace Hopper")

    both.side.faults.queue(Fault("meanwhile", applied=True, meanwhile=meanwhile), on="write")
    outcome = both.connector.put(taken(work), known)
    assert isinstance(outcome, Changed)
    assert outcome.remote.owner == "Grace Hopper"
    assert both.side.tasks()[0].owner == "Grace Hopper"


def test_dataverse_makes_no_second_row_where_another_was_faster(
    pairs: Mapping[str, Both],
) -> None:
    both, work = pair(pairs, "dataverse"), full()
    other = pairs["dataverse"].connector
    both.side.faults.queue(
        Fault("meanwhile", applied=True, meanwhile=lambda: None),
        Fault("meanwhile", applied=True, meanwhile=lambda: None),
        on="write",
    )
    put(other, work)
    put(both.connector, work)
    assert len(both.side.tasks()) == 1


@pytest.mark.parametrize("kind", CRMS)
def test_check_names_what_is_missing(pairs: Mapping[str, Both], kind: str) -> None:
    both = pair(pairs, kind, columns={"prefix": "wrong_"})
    said = both.connector.check()
    assert isinstance(said, Refused)
    assert said.reason in ("columns_missing", "no_property_wrong_actionable") or (
        said.reason.startswith("no_field_wrong_")
    )
    told = both.connector.put(full(), None)
    # Where the key stands in the address, there is no such place: that is no task's fault.
    assert isinstance(told, Refused) if kind == "hubspot" else told == Later("http_404")


@pytest.mark.parametrize("kind", CRMS)
def test_without_the_field_of_our_state_it_reads_as_the_word_means(
    pairs: Mapping[str, Both], kind: str
) -> None:
    columns = pairs[kind].side
    prefix, suffix = columns.prefix, columns.suffix  # type: ignore[attr-defined]
    table = {"prefix": prefix, "suffix": suffix, "other": {"state": ""}}
    both, work = pair(pairs, kind, columns=table), full(status=Status.ENTERED_IN_ERROR)
    put(both.connector, work)
    told = both.connector.changes(None, datetime.now(UTC))
    assert isinstance(told, Changes)
    assert {each.status for each in told.items} == {
        both.connector.reads_as(Status.ENTERED_IN_ERROR)
    }
    assert both.connector.reads_as(Status.ENTERED_IN_ERROR) is not Status.ENTERED_IN_ERROR


def test_hubspot_tells_in_the_batch_what_it_did_not_write(pairs: Mapping[str, Both]) -> None:
    both = pair(pairs, "hubspot", statuses={"requested": "NONSENSE"})
    assert both.connector.put(full(), None) == Refused("not_written")
    assert both.side.tasks() == []
    locked = {"numErrors": 1, "errors": [{"category": "RATE_LIMITS"}], "results": []}
    both.side.faults.queue(Fault(json.dumps(locked), status=207), on="write")
    assert both.connector.put(taken(full()), None) == Later("not_written")


def test_salesforce_is_asked_again_where_a_record_is_locked(pairs: Mapping[str, Both]) -> None:
    both = pair(pairs, "salesforce")
    locked = [{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "..."}]
    both.side.faults.queue(Fault(json.dumps(locked), status=400), on="write")
    assert both.connector.put(full(), None) == Later("busy")


def test_a_next_page_elsewhere_is_not_asked_for(pairs: Mapping[str, Both]) -> None:
    both = pair(pairs, "dataverse")
    page = {"value": [], "@odata.nextLink": f"{both.side.url}.example.org/tasks"}
    both.side.faults.queue(Fault(json.dumps(page), status=200), on="read")
    assert both.connector.changes(None, datetime.now(UTC)) == Later("not_understood")


@pytest.mark.parametrize("kind", CRMS)
def test_what_was_deleted_there_is_made_again(pairs: Mapping[str, Both], kind: str) -> None:
    both, work = pair(pairs, kind), full()
    known = put(both.connector, work)
    both.side.forget()
    put(both.connector, taken(work), known)
    assert [task.key for task in both.side.tasks()] == [work.task]


@pytest.mark.parametrize("kind", CRMS)
def test_what_people_type_is_no_error(pairs: Mapping[str, Both], kind: str) -> None:
    both, work = pair(pairs, kind), full()
    put(both.connector, work)
    typed = {"urgency": " ", "outcome": "?", "actionable": "perhaps", "attempts": "many"}
    check = {"answered_by": "", "at": "yesterday", "red_flags": ["chest_pain"]}
    both.side.edit(work.task, status="completed", end={**typed, "symptom_check": check})
    told = both.connector.changes(None, datetime.now(UTC))
    assert isinstance(told, Changes)
    (item,) = told.items
    assert (item.urgency, item.outcome, item.actionable, item.attempts) == (None, "?", None, None)
    assert item.symptom_check is None


@pytest.mark.parametrize("kind", [*CRMS, "webhook"])
def test_a_cursor_that_nobody_understands_begins_anew(pairs: Mapping[str, Both], kind: str) -> None:
    both = pair(pairs, kind)
    assert isinstance(both.connector.changes("what is that", datetime.now(UTC)), Changes)


def test_long_texts_are_cut_to_what_is_taken(pairs: Mapping[str, Both]) -> None:
    for kind in CRMS:
        both = pair(pairs, kind)
        put(both.connector, full(title="x" * 500, sentence="y" * 40_000))


def test_salesforce_is_asked_again_at_once_where_its_clock_is_ahead(
    pairs: Mapping[str, Both],
) -> None:
    both, work = pair(pairs, "salesforce"), full()
    begun = both.connector.changes(None, datetime.now(UTC))
    assert isinstance(begun, Changes)
    both.side.faults.skew = timedelta(minutes=4)
    put(both.connector, work)
    first = both.connector.changes(begun.cursor, datetime.now(UTC))
    assert isinstance(first, Changes)
    assert first.more
    second = both.connector.changes(first.cursor, datetime.now(UTC))
    assert isinstance(second, Changes)
    assert [each.task for each in second.items] == [work.task]
