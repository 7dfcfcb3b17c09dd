"""Names and times of the simulated bluetoothd."""

from dataclasses import dataclass
from typing import Final

ADAPTER_PATH: Final = "/org/bluez/hci0"


@dataclass(frozen=True, slots=True)
class Timing:
    """How long bluetoothd and the radio take."""

    # The kernel gives an LE connection attempt 20 s (LE_CONN_TIMEOUT).
    connect_s: float = 20.0
    # An indication is confirmed one connection event later, usually 30 ms. A link that breaks
    # before leaves it unconfirmed, and the device keeps it.
    confirm_s: float = 0.03
    # How often an advertisement of one device reaches the scanner.
    advertise_s: float = 0.5
    # ATT's own limit: a request that is not answered ends the link.
    unanswered_s: float = 30.0
