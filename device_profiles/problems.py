"""What can be wrong with a device: fixed words for the heartbeat, and what a person can do."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class DeviceProblem(StrEnum):
    """What keeps a paired device from delivering, or its times from being right."""

    BOND_LOST = "bond_lost"
    PAIRING_REFUSED = "pairing_refused"
    PASSKEY_MISSING = "passkey_missing"
    PASSKEY_WRONG = "passkey_wrong"
    NO_DISPLAY = "no_display"
    CONNECTION_FAILED = "connection_failed"
    NO_MEASUREMENT = "no_measurement"
    PROFILE_WRONG = "profile_wrong"
    SPOOL_FULL = "spool_full"
    CLOCK_UNSET = "clock_unset"
    CLOCK_WRONG = "clock_wrong"


ADVICE: Final[Mapping[str, str]] = MappingProxyType(
    {
        DeviceProblem.BOND_LOST: (
            "Hub and device do not know each other any more. Press the device's pairing button "
            "until it shows that it can be paired (its manual says where). On the hub, run "
            "`bluetoothctl remove ADDRESS` with the address from hub.toml. Then measure once."
        ),
        DeviceProblem.PAIRING_REFUSED: (
            "The device refuses to be paired. Remove it from every phone, press its pairing "
            "button until it shows that it can be paired, then measure once."
        ),
        DeviceProblem.PASSKEY_MISSING: (
            "The device asks for a passkey. Write the six digits that are on it, or in its "
            "display, into passkeys.toml on the hub, restart the hub, then measure once."
        ),
        DeviceProblem.PASSKEY_WRONG: (
            "The passkey in passkeys.toml is not the one of this device. Correct it, restart the "
            "hub, then measure once."
        ),
        DeviceProblem.NO_DISPLAY: (
            "The device wants the hub to show a number, and the hub has no display. It cannot be "
            "paired; use another device."
        ),
        DeviceProblem.CONNECTION_FAILED: (
            "The connection failed. Change the device's battery, bring it nearer to the hub, "
            "measure again. The hub goes on trying while the device can be found."
        ),
        DeviceProblem.NO_MEASUREMENT: (
            "The device does not offer what its profile expects. See whether hub.toml names the "
            "right profile."
        ),
        DeviceProblem.PROFILE_WRONG: (
            "The device says that it is another model than hub.toml has. What it measures is sent "
            "as it came, for the profile of the model that it names. Correct the profile in "
            "hub.toml, and restart the hub."
        ),
        DeviceProblem.SPOOL_FULL: (
            "The hub can keep no more, so it asks no device for more. Connect the hub to the "
            "network, or make room on its disk."
        ),
        DeviceProblem.CLOCK_UNSET: (
            "The device's clock has no date, and the hub may not set it. Set date and time on the "
            "device; what it measured before has no time."
        ),
        DeviceProblem.CLOCK_WRONG: (
            "The device's clock is wrong by more than a day, and the hub may not set it. Its "
            "times are corrected, but set date and time on the device."
        ),
    }
)

# What does not go away by itself, however often is tried: somebody must come and do it.
FOR_HANDS: Final = frozenset(DeviceProblem) - {
    DeviceProblem.CONNECTION_FAILED,
    DeviceProblem.SPOOL_FULL,
}
