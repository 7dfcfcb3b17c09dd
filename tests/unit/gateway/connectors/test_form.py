"""Whatever stands in a CRM's fields, it is read or left out; our states come back as they went."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.care.moves import Status
from gateway.connectors import dataverse, hubspot, salesforce
from gateway.connectors.crm.form import HEARD, Columns, Form, Words

AT = datetime(2026, 11, 22, tzinfo=UTC)
WORDS = [
    Words(salesforce.WORDS, {"Deferred": Status.ON_HOLD}),
    Words(hubspot.WORDS, hubspot.ALSO),
    Words(dataverse.WORDS, {"0/7": Status.ON_HOLD}),
]
LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ANYTHING = LEAF | st.lists(LEAF, max_size=2) | st.dictionaries(st.text(), LEAF, max_size=2)


@settings(max_examples=60)
@given(st.fixed_dictionaries({f"x_{name}": ANYTHING for name in HEARD}), LEAF)
def test_anything_can_stand_there(fields: dict[str, Any], word: Any) -> None:
    form = Form(Columns(prefix="x_"), WORDS[0])
    fields["x_task"] = str(uuid4())
    first = form.remote(fields, word, "1", AT)
    assert first is not None
    assert first.version == form.remote(dict(fields), word, "2", datetime.now(UTC)).version  # type: ignore[union-attr]


@settings(max_examples=60)
@given(ANYTHING)
def test_what_has_no_key_of_ours_is_not_ours(key: Any) -> None:
    assert Form(Columns(prefix="x_"), WORDS[0]).remote({"x_task": key}, None, "1", AT) is None


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("status", Status)
def test_a_state_comes_back_as_it_went(words: Words, status: Status) -> None:
    assert words.back(words.there[status], status) is status


@pytest.mark.parametrize("words", WORDS)
def test_what_a_person_chose_counts_more_than_what_we_said(words: Words) -> None:
    done = words.there[Status.COMPLETED]
    assert words.back(done, Status.REQUESTED) is Status.COMPLETED
    assert words.back(words.there[Status.REQUESTED], Status.COMPLETED) is Status.REQUESTED
    assert words.back("a word of theirs", Status.REQUESTED) is None


@pytest.mark.parametrize("flags", [7, ["chest_pain"], True, {"flag": "chest_pain"}])
def test_red_flags_that_are_no_text_are_not_none(flags: Any) -> None:
    asked = {"asked_by": "patient", "asked_at": "2026-11-22T12:00:00Z", "red_flags": flags}
    fields = {f"x_{name}": value for name, value in asked.items()} | {"x_task": str(uuid4())}
    found = Form(Columns(prefix="x_"), WORDS[0]).remote(fields, None, "1", AT)
    assert found is not None
    assert found.symptom_check is not None
    assert found.symptom_check["red_flags"] not in ([], None)
