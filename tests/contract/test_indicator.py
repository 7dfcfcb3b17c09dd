"""Every indicator keeps the same contract; the real LEDs on gpiozero's own mock pins."""

import io
from abc import ABC, abstractmethod
from collections.abc import Iterator

import pytest
from gpiozero.pins.mock import MockFactory

from edge_agent.core.indication import State
from edge_agent.indicator.console import ConsoleIndicator
from edge_agent.indicator.gpio import GpioIndicator
from edge_agent.indicator.none import NoIndicator
from edge_agent.ports import Indicator

PINS = (5, 6, 13, 19)


class IndicatorContract(ABC):
    """Each implementation passes all of these."""

    @abstractmethod
    @pytest.fixture
    def indicator(self) -> Iterator[Indicator] | Indicator: ...

    def test_shows_every_state_at_every_tick(self, indicator: Indicator) -> None:
        for state in State:
            for tick in range(40):
                indicator.show(state, tick)

    def test_the_same_again_is_harmless(self, indicator: Indicator) -> None:
        for _ in range(3):
            indicator.show(State.DELIVERED, 0)

    def test_closes_twice(self, indicator: Indicator) -> None:
        indicator.show(State.MEASURING, 1)
        indicator.close()
        indicator.close()


class TestNone(IndicatorContract):
    @pytest.fixture
    def indicator(self) -> Indicator:
        return NoIndicator()


class TestConsole(IndicatorContract):
    @pytest.fixture
    def indicator(self) -> Indicator:
        return ConsoleIndicator(io.StringIO())

    def test_says_each_change_once(self) -> None:
        out = io.StringIO()
        indicator = ConsoleIndicator(out)
        for state in (State.MEASURING, State.MEASURING, State.DELIVERED):
            indicator.show(state, 0)
        assert out.getvalue().splitlines() == [
            "measuring ...",
            "delivered: the reading has arrived",
        ]


class TestGpio(IndicatorContract):
    @pytest.fixture
    def factory(self) -> Iterator[MockFactory]:
        factory = MockFactory()
        yield factory
        factory.close()

    @pytest.fixture
    def indicator(self, factory: MockFactory) -> Iterator[Indicator]:
        indicator = GpioIndicator(PINS, factory)
        yield indicator
        indicator.close()

    def test_lights_the_pins(self, indicator: Indicator, factory: MockFactory) -> None:
        def lit() -> list[int]:
            return [int(factory.pin(number).state) for number in PINS]

        indicator.show(State.MEASURING, 2)
        assert lit() == [0, 0, 1, 0]
        indicator.show(State.DELIVERED, 3)
        assert lit() == [1, 1, 1, 1]
        indicator.show(State.NO_CONNECTION, 0)
        assert lit() == [1, 0, 0, 0]
        indicator.show(State.NO_CONNECTION, 8)
        assert lit() == [0, 0, 0, 0]
        indicator.show(State.READY, 0)
        assert lit() == [0, 0, 0, 0]
