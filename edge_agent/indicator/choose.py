"""Makes the indicator that the owner has chosen."""

from collections.abc import Sequence

from edge_agent.errors import WrongInput
from edge_agent.indicator.console import ConsoleIndicator
from edge_agent.indicator.none import NoIndicator
from edge_agent.ports import Indicator


def make(kind: str, pins: Sequence[int]) -> Indicator:
    """Return it. Raises WrongInput where the pins or the library are missing."""
    if kind == "console":
        return ConsoleIndicator()
    return _gpio(pins) if kind == "gpio" else NoIndicator()


def _gpio(pins: Sequence[int]) -> Indicator:
    if not pins:
        raise WrongInput("HEARTHLINE_INDICATOR_PINS: name the LEDs' GPIO numbers, as 5,6,13,19.")
    try:
        from edge_agent.indicator.gpio import GpioIndicator
    except ImportError:
        raise WrongInput(
            "HEARTHLINE_INDICATOR=gpio needs gpiozero: pip install 'hearthline[gpio]'."
        ) from None
    try:
        return GpioIndicator(pins)
    except Exception as error:  # noqa: BLE001 - gpiozero's errors differ from board to board
        raise WrongInput(
            f"HEARTHLINE_INDICATOR_PINS: these pins cannot be used ({type(error).__name__})."
        ) from None
