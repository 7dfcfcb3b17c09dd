"""docs/devices.md says what the registry holds."""

from pathlib import Path

from device_profiles.about import Evidence
from device_profiles.page import page
from device_profiles.registry import PROFILES

PAGE = Path(__file__).parents[3] / "docs" / "devices.md"


def test_the_page_is_as_the_registry_says() -> None:
    again = "run: python -m device_profiles.page > docs/devices.md"
    assert PAGE.read_text() == page(), again


def test_every_profile_is_on_the_page() -> None:
    text = PAGE.read_text()
    assert [key for key in PROFILES if f"`{key}`" not in text] == []


def test_what_was_never_seen_is_marked() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    for profile in PROFILES.values():
        if profile.about.evidence is Evidence.DOCUMENTATION:
            (row,) = (row for row in rows if f"`{profile.key}`" in row)
            assert row.endswith("| from documentation, not yet seen on hardware |")
