"""docs/fhir.md says what is served, as the resources declare it."""

from pathlib import Path

import pytest

from gateway.fhir.ask import params_of
from gateway.fhir.registry import RESOURCES
from gateway.fhir.resource import Resource

PAGE = (Path(__file__).parents[3] / "docs" / "fhir.md").read_text()


def row(resource: Resource) -> str:
    """Return the line of a resource in the table of the page."""

    def named(names: object) -> str:
        return " ".join(f"`{name}`" for name in names) if names else ""  # type: ignore[attr-defined]

    cells = [
        f"`{resource.type}`",
        named(sorted(resource.rights)),
        named(name for name in params_of(resource) if name != "_lastUpdated"),
        named(resource.includes),
        named(resource.sorts),
    ]
    return f"| {' | '.join(cells)} |"


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=lambda one: one.type)
def test_the_page_tells_what_a_resource_is_found_by(resource: Resource) -> None:
    assert row(resource) in PAGE, row(resource)
