"""Fixtures of the agent's integration tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.edge_agent.broker import Broker, make_broker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = make_broker(tmp_path / "broker")
    broker.start()
    yield broker
    broker.kill()
