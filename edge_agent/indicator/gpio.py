"""A ring of LEDs on the pins of a Raspberry Pi, by gpiozero. Loaded only where it is asked for."""

from collections.abc import Sequence

from gpiozero import LEDBoard
from gpiozero.pins import Factory

from edge_agent.core.indication import State, ring


class GpioIndicator:
    """See `ports.Indicator`. `pins` are GPIO numbers, in the order of the ring."""

    def __init__(self, pins: Sequence[int], factory: Factory | None = None) -> None:
        self._lights = len(pins)
        self._board = LEDBoard(*pins, pin_factory=factory)

    def show(self, state: State, tick: int) -> None:
        """See `ports.Indicator`."""
        self._board.value = tuple(map(int, ring(state, tick, self._lights)))

    def close(self) -> None:
        """See `ports.Indicator`."""
        if not self._board.closed:
            self._board.off()
            self._board.close()
