"""A far side of each kind, on this machine, and the connector that speaks with it."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from gateway.connectors import kinds
from gateway.connectors.ports import Connector
from simulators.far_sides import FarSide, far_sides

# Of those with a connector; test_contract.py looks whether each connector has one.
FAR_SIDES = {name: side for name, side in sorted(far_sides().items()) if name in kinds()}


@dataclass
class Both:
    """A connector and its far side."""

    connector: Connector
    side: FarSide


@pytest.fixture(scope="session")
def pairs() -> Iterator[Mapping[str, Both]]:
    """Serve every kind."""
    with ExitStack() as stack:
        sides = {name: stack.enter_context(side()) for name, side in FAR_SIDES.items()}
        yield {name: Both(kinds()[name].build(side.table()), side) for name, side in sides.items()}


@pytest.fixture(params=FAR_SIDES)
def both(request: pytest.FixtureRequest, pairs: Mapping[str, Both]) -> Both:
    """Return one of them, as good as new."""
    pair = pairs[request.param]
    pair.side.reset()
    return pair


@pytest.fixture(params=[name for name, side in FAR_SIDES.items() if side.two_way])
def two_way(request: pytest.FixtureRequest, pairs: Mapping[str, Both]) -> Both:
    """Return one that tells us what changed there."""
    pair = pairs[request.param]
    pair.side.reset()
    return pair


@pytest.fixture(params=[name for name, side in FAR_SIDES.items() if side.sign_ins])
def signed_in(request: pytest.FixtureRequest, pairs: Mapping[str, Both]) -> Both:
    """Return one whose tokens end."""
    pair = pairs[request.param]
    pair.side.reset()
    return pair
