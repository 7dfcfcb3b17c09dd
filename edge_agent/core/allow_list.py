"""The devices that this hub may listen to, by address. All others do not exist for it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from device_profiles.profile import Profile
from device_profiles.talk import Owner
from device_profiles.wire.hub_file import PairedDevice


@dataclass(frozen=True, slots=True)
class Allowed:
    """A paired device with the profile that reads it."""

    device: PairedDevice
    profile: Profile
    owner: Owner = field(default_factory=Owner)
    """What the owner told the hub about the device."""


class AllowList:
    """Looks devices up by address, in any case."""

    def __init__(self, allowed: Iterable[Allowed]) -> None:
        self._by_address = {one.device.address.upper(): one for one in allowed}

    def __iter__(self) -> Iterator[Allowed]:
        return iter(self._by_address.values())

    def __len__(self) -> int:
        return len(self._by_address)

    def get(self, address: str) -> Allowed | None:
        """Return the device with this address, if it is allowed."""
        return self._by_address.get(address.upper())

    def at_path(self, path: str) -> Allowed | None:
        """Return the device behind a BlueZ object path such as /org/bluez/hci0/dev_AA_BB_.."""
        _, found, tail = path.partition("/dev_")
        return self.get(tail.partition("/")[0].replace("_", ":")) if found else None
