"""The threat model points at tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "threat-model.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_a_test_that_the_threat_model_names_exists(file: str, name: str) -> None:
    text = (ROOT / file).read_text()
    assert re.search(rf"^ *(async )?def {name}\(", text, re.MULTILINE)


def test_every_threat_has_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if re.match(r"\| [A-Z]\w+(, \w+)* \|", line)]
    assert len(rows) >= 30
    assert [row for row in rows if "`tests/" not in row] == []
