"""What the patient sees, decided from facts; and wrong settings of the indicator."""

from dataclasses import replace

import pytest

from edge_agent.core.indication import DELIVERED_S, Facts, Shown, State
from edge_agent.errors import WrongInput
from edge_agent.indicator.choose import make

IDLE = Facts(connected=True, measuring=False, waiting=False, kept=0, receipted=0)
MEASURING = replace(IDLE, measuring=True)
TAKEN = replace(MEASURING, waiting=True, kept=1)
ARRIVED = replace(IDLE, kept=1, receipted=1)


def states(*facts: Facts) -> list[str]:
    shown, told = Shown(), []
    for now, one in enumerate(facts):
        shown = shown.next(one, float(now))
        told.append(shown.state.value)
    return told


def test_a_reading_on_its_way() -> None:
    assert states(IDLE, MEASURING, TAKEN, ARRIVED, ARRIVED) == [
        *("ready", "measuring", "measuring", "delivered", "delivered")
    ]


def test_a_reading_that_arrives_between_two_looks() -> None:
    assert states(IDLE, MEASURING, ARRIVED) == ["ready", "measuring", "delivered"]


def test_delivered_only_on_the_receipt() -> None:
    offline = replace(TAKEN, connected=False, measuring=False)
    assert states(TAKEN, offline, offline) == ["measuring", "no_connection", "no_connection"]


def test_what_was_dropped_was_not_delivered() -> None:
    assert states(TAKEN, replace(ARRIVED, dropped=True), ARRIVED)[-2:] == ["ready", "ready"]
    assert states(TAKEN, replace(IDLE, kept=1))[-1] == "ready"  # gone, but nobody gave a receipt


def test_a_receipt_for_a_heartbeat_is_no_delivery() -> None:
    assert states(IDLE, replace(IDLE, receipted=1), MEASURING)[-2:] == ["ready", "measuring"]


def test_delivered_ends() -> None:
    shown = Shown().next(TAKEN, 0.0).next(ARRIVED, 1.0)
    assert shown.state is State.DELIVERED
    assert shown.next(ARRIVED, 1.0 + DELIVERED_S).state is State.READY


def test_the_next_measurement_is_not_delivered_by_the_last_receipt() -> None:
    arrived = replace(ARRIVED, measuring=True)
    again = replace(TAKEN, kept=2, receipted=1)
    assert states(TAKEN, arrived, again) == ["measuring", "delivered", "measuring"]


def test_leds_without_pins_are_refused() -> None:
    with pytest.raises(WrongInput, match="INDICATOR_PINS"):
        make("gpio", ())
    with pytest.raises(WrongInput, match="cannot be used"):  # no such board here
        make("gpio", (5, 5))
