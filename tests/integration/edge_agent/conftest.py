"""Fixtures of the agent's integration tests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.integration.edge_agent.agent import Hub, hub_kit
from tests.integration.edge_agent.broker import Broker, make_broker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = make_broker(tmp_path / "broker")
    broker.start()
    yield broker
    broker.kill()


class Install(Protocol):
    """Makes a hub with these devices; it is stopped after the test."""

    def __call__(self, *addresses: str, passkeys: dict[str, str] | None = None) -> Hub: ...


@pytest.fixture
def install(tmp_path: Path, broker: Broker) -> Iterator[Install]:
    hubs: list[Hub] = []

    def make(*addresses: str, passkeys: dict[str, str] | None = None) -> Hub:
        hubs.append(Hub.install(tmp_path, hub_kit(broker, *addresses), broker, passkeys))
        return hubs[-1]

    yield make
    codes = [hub.stop() for hub in hubs if hub.process is not None and hub.process.poll() is None]
    assert codes == [0] * len(codes), (tmp_path / "agent.log").read_text()
