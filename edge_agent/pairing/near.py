"""What is near: who advertises, how strong, recognised as what. No IO."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from device_profiles.profile import Profile
from device_profiles.registry import profile_for
from device_profiles.wire.hub_file import PairedDevice
from edge_agent.core.model import shown
from edge_agent.ports import Sighting

# Words for people (J); below -85 dBm or so connections fail.
STRENGTH: Final = ((-65, "strong"), (-80, "good"), (-90, "weak"))
FAINT: Final = "faint"


@dataclass(frozen=True, slots=True)
class Near:
    """A device that was heard. `known`: what hub.toml has of it."""

    sighting: Sighting
    profile: Profile | None
    known: PairedDevice | None

    @property
    def strength(self) -> str:
        """Return the signal in a word."""
        return next((word for least, word in STRENGTH if self.sighting.rssi_dbm >= least), FAINT)

    def plain(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "address": self.sighting.address,
            "name": shown(self.sighting.name),
            "rssi_dbm": self.sighting.rssi_dbm,
            "strength": self.strength,
            "profile": self.profile.key if self.profile else None,
            "known": self.known is not None,
        }

    def line(self) -> str:
        """Return it for a person."""
        name = shown(self.sighting.name) or "(no name)"
        seen = f"{self.profile.name} ({self.profile.key})" if self.profile else "not recognised"
        known = "; the gateway knows it" if self.known else ""
        signal = f"{self.sighting.rssi_dbm:4} dBm {self.strength:6}"
        return f"{signal}  {self.sighting.address}  {name:20}  {seen}{known}"


class Nearby:
    """All that were heard. Those with a number keep it, in the order of their coming."""

    def __init__(self, known: Mapping[str, PairedDevice], *, everybody: bool = False) -> None:
        self._known, self._everybody = known, everybody
        self._near: dict[str, Near] = {}
        self._numbers: list[str] = []

    def see(self, sighting: Sighting) -> int | None:
        """Take an advertisement; return the number of a device that gets one now."""
        address, before = sighting.address, self._near.get(sighting.address)
        if before is not None and not sighting.name:  # not every packet has the name
            sighting = replace(sighting, name=before.sighting.name)
        near = Near(sighting, _recognised(sighting, before), self._known.get(address))
        self._near[address] = near
        if address in self._numbers or not (near.profile or near.known or self._everybody):
            return None
        self._numbers.append(address)
        return len(self._numbers)

    def get(self, address: str) -> Near | None:
        """Return what was last heard of a device."""
        return self._near.get(address)

    def numbered(self, number: int) -> Near | None:
        """Return the device with this number."""
        return self._near[self._numbers[number - 1]] if 0 < number <= len(self._numbers) else None

    def listed(self) -> list[Near]:
        """Return those with a number, in its order."""
        return [self._near[address] for address in self._numbers]

    @property
    def others(self) -> int:
        """Return how many more were heard."""
        return len(self._near) - len(self._numbers)


def _recognised(sighting: Sighting, before: Near | None) -> Profile | None:
    """Ask the registry only where something is new: it looks through all profiles."""
    if before is not None and _shows(before.sighting) == _shows(sighting):
        return before.profile
    return profile_for(sighting.services, sighting.name)


def _shows(sighting: Sighting) -> tuple[str, tuple[str, ...]]:
    return sighting.name, sighting.services
