"""docs/connectors.md says what the registry holds; the examples of the how-to are good tables."""

import re
import sys
from pathlib import Path
from typing import get_args

import pytest

from gateway.care.dispositions import Answered, Outcome, RedFlag, Urgency
from gateway.connectors import kinds
from gateway.connectors.crm.form import Name
from gateway.connectors.page import PAGE, page
from gateway.outbox.file import Common, read_connectors

HOW_TO = PAGE.parent / "how-to" / "connect-a-crm.md"
EXAMPLES = re.findall(r"```toml\n(.*?)```", HOW_TO.read_text(), re.DOTALL)


def test_the_page_is_as_the_registry_says() -> None:
    assert PAGE.read_text() == page(), "run: python -m gateway.connectors.page"


def test_every_kind_says_what_it_was_tried_against() -> None:
    assert [name for name, kind in kinds().items() if not kind.tried.strip()] == []


def test_every_key_of_every_table_is_explained() -> None:
    tables = [Common, *(sys.modules[kind.build.__module__].Settings for kind in kinds().values())]
    unsaid = [
        f"{table.__module__}: {name}"
        for table in tables
        for name, field in table.model_fields.items()
        if not field.description
    ]
    assert unsaid == []


def test_the_how_to_names_every_field_and_every_code() -> None:
    text = HOW_TO.read_text()
    codes = [*get_args(Name), *Urgency, *Outcome, *RedFlag, *Answered]
    assert [code for code in codes if f"`{code}`" not in text] == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_are_good(example: str, tmp_path: Path) -> None:
    (tmp_path / "connectors.toml").write_text(example)
    (entry,) = read_connectors(tmp_path / "connectors.toml")
    assert entry.common.kind in kinds()
