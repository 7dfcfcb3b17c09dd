"""How long the radio waits for what. Each number has its reason; a test may have shorter ones."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds."""

    # Connecting takes up to 20 s on a busy Pi; pairing with a passkey needs some exchanges more.
    connect_s: float = 45.0
    # A ReadValue that needs a bond may never be answered (BlueZ 5.66); GATT's own limit is 30 s,
    # but a device that answers so late has no time left to deliver.
    call_s: float = 8.0
    # BlueZ answers Disconnect after 2 to 3 s.
    close_s: float = 6.0
    # A scan can fall silent without an error (bluez#807). Homes have few advertisers, so silence
    # alone proves nothing before a while.
    silent_s: float = 600.0
    # An adapter needs a moment between off and on (hciconfig's users wait as long).
    off_s: float = 1.0


USUAL = Times()
