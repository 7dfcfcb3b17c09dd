"""Rules that docs/rules.md shows are rules: they load, and lint has nothing to say."""

import re
from pathlib import Path

import pytest

from alerting.packs.loader import lint, load_pack

PAGE = Path(__file__).parents[3] / "docs" / "rules.md"
SHOWN = [
    block
    for block in re.findall(
        r"^```yaml\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    if block.startswith("- key:")
]


@pytest.mark.parametrize("block", SHOWN, ids=lambda block: block.split()[2])
def test_a_rule_that_is_shown_loads(block: str, tmp_path: Path) -> None:
    path = tmp_path / "shown.yaml"
    path.write_text(f"pack: shown\nrules:\n{block}", "utf-8")
    assert load_pack(path)
    assert lint(path) == ()
