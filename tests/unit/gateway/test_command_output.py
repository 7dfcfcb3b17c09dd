"""What commands print for people: a table where it fits, else a line for each value."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from gateway.cli.output import print_table

ID = UUID("6f296ea6-44a9-4727-86e6-c825ce801208")
ROW = {
    "priority": "P1",
    "due_at": datetime(2026, 11, 22, 14, 5, tzinfo=UTC),
    "patient": "Bruno Example",
    "why": "SpO2 91 % at 01:37 is at or below 92.",
    "status": "requested",
    "id": ID,
}


@pytest.mark.parametrize("columns", [40, 80, 100, 200])
def test_no_word_is_cut_and_no_id_folded_whatever_the_width(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    print_table("Tasks", [ROW, ROW], "No task.")
    said = capsys.readouterr().out
    assert ("┃" in said) == (columns >= 100)
    for word in (str(ID), "priority", "requested", "Example"):
        assert said.count(word) >= 1, word


def test_of_nothing_a_sentence_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Tasks", [], "No task.")
    assert capsys.readouterr().out == "No task.\n"
