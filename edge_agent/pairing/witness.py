"""What a session brought, for the technician: it goes the agent's own way, and is seen here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from device_profiles.reading import Indication, Reading
from device_profiles.registry import PROFILES
from device_profiles.replay import play
from device_profiles.timeline import Basis
from device_profiles.wire.body import RawBody
from edge_agent.core.true_time import Anchor
from edge_agent.ports import Ref
from edge_agent.radio.home import Home
from edge_agent.radio.understood import Understood, WaitingForTime

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Proof:
    """A reading that was understood, by which profile, and when it was taken."""

    reading: Reading
    profile: str
    measured_at: datetime | None
    basis: Basis | None
    received_at: datetime


class WitnessedHome(Home):
    """Keeps all as every home does, and remembers it in memory for as long as the command runs."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._heard: list[RawBody] = []
        self.waiting_for_time = self._witness = _Witness(self)

    def keep(self, body: RawBody) -> Ref | None:
        """See `Home`."""
        self._heard.append(body)
        return super().keep(body)

    def proof(self, device: UUID) -> Proof | None:
        """Return the newest reading.

        Of a device that is another model than was thought all is kept as it came; here it is read
        as the gateway will read it.
        """
        found = [proof for one in self._witness.seen for proof in self._told(one)]
        if (reader := self.readers.get(device)) is not None:
            found += self._read_as(reader)
        return max(found, key=lambda one: one.measured_at or _LONG_AGO, default=None)

    def _told(self, one: Understood) -> Iterator[Proof]:
        """Yield the readings of a group, with the times under which they are sent."""
        anchor = Anchor(self.clock.now(), self.clock.monotonic())
        for _, body in one.bodies(anchor, self.zone):
            came = body.arrival
            yield Proof(body.reading, came.profile, body.measured_at, body.basis, came.received_at)

    def _read_as(self, profile: str) -> list[Proof]:
        steps = play(PROFILES[profile], [_line(body.indication) for body in self._heard])
        return [
            Proof(reading, profile, None, None, self._heard[-1].arrival.received_at)
            for step in steps
            for reading in step.readings
        ]


def _line(told: Indication) -> dict[str, str]:
    return {"uuid": told.uuid, "octets": told.octets.hex()}


class _Witness(WaitingForTime):
    def __init__(self, home: Home) -> None:
        super().__init__(home)
        self.seen: list[Understood] = []

    def take(self, understood: Understood) -> None:
        self.seen.append(understood)
        super().take(understood)
