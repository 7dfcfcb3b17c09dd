"""A far side of each kind, on this machine, and the connector that speaks with it."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from gateway.connectors import kinds
from gateway.connectors.ports import Connector
from simulators.far_sides import FarSide, far_sides


@dataclass
class Both:
    """A connector and its far side."""

    connector: Connector
    side: FarSide


@pytest.fixture(scope="session")
def pairs() -> Iterator[Mapping[str, Both]]:
    """Serve every kind; a connector without a far side fails here, by its name."""
    known = far_sides()
    with ExitStack() as stack:
        sides = {name: stack.enter_context(known[name]()) for name in sorted(kinds())}
        yield {name: Both(kinds()[name].build(side.table()), side) for name, side in sides.items()}


@pytest.fixture(params=sorted(kinds()))
def both(request: pytest.FixtureRequest, pairs: Mapping[str, Both]) -> Both:
    """Return one of them, as good as new."""
    pair = pairs[request.param]
    pair.side.reset()
    return pair


@pytest.fixture
def two_way(both: Both) -> Both:
    """Return one that tells us what changed there."""
    if not both.side.two_way:
        pytest.skip("goes one way")
    return both
