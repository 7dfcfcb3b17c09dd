"""Takes the octets of one session: each is sealed and committed first, and only then understood."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import structlog

from device_profiles.errors import DecodeError
from device_profiles.gatt import Uuid
from device_profiles.profile import Group
from device_profiles.reading import Indication, Reading
from device_profiles.timeline import ClockCheck, taken
from device_profiles.wire.body import Arrival, RawBody, ReadingBody
from edge_agent.core.allow_list import Allowed
from edge_agent.core.urgency import class_of
from edge_agent.errors import SpoolRefused
from edge_agent.ports import Ref
from edge_agent.radio.home import Home

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Kept:
    indication: Indication
    arrival: Arrival
    ref: Ref


class Intake:
    """One session's records. `refuse` is called when the spool cannot keep any more."""

    def __init__(self, allowed: Allowed, home: Home, refuse: Callable[[], None]) -> None:
        self._device, self._profile = allowed.device, allowed.profile
        self._home, self._refuse = home, refuse
        self._session: UUID = uuid4()
        self._assembly = self._profile.assemble()
        self._kept: list[_Kept] = []
        self._complete: list[Group] = []
        self._clock: ClockCheck | None = None
        self._clock_known = False
        self.count = 0
        self.sequences: list[int] = []
        self.last_at = home.clock.monotonic()

    def take(self, uuid: Uuid, octets: bytes) -> None:
        """Keep one indication; runs inside the radio's callback and never raises."""
        self.last_at = self._home.clock.monotonic()
        indication = Indication(uuid=uuid, octets=octets)
        came = Arrival(
            device=self._device.id,
            profile=self._device.profile,
            session=self._session,
            order=self.count,
            received_at=self._home.clock.now(),
            clock=self._clock,
            hub_clock_ok=self._home.clock.trusted(),
        )
        self.count += 1
        ref = self._home.keep(RawBody(arrival=came, indication=indication))
        if ref is None:
            self._refuse()
            return
        self._kept.append(_Kept(indication, came, ref))
        self._complete += self._assembly.add(indication)
        self._read_complete()

    def clock_read(self, check: ClockCheck | None) -> None:
        """Take what the device's clock said before it was set; None where it said nothing."""
        self._clock, self._clock_known = check, True
        self._read_complete()

    def clock_set(self, at: datetime | None) -> None:
        """Note that the clock is right from now on, if the device took the setting."""
        if at is not None and self._clock is not None:
            self._clock = self._clock.model_copy(update={"set_at": at})

    def finish(self) -> None:
        """Read what is complete; what is left over travels as it is."""
        self._clock_known = True
        self._read_complete()
        self._release(self._kept)

    def _read_complete(self) -> None:
        if not self._clock_known:
            return
        groups, self._complete = self._complete, []
        for group in groups:
            self._read(self._take_kept(group))

    def _take_kept(self, group: Group) -> list[_Kept]:
        """Find what was kept of a group; of equal octets the earliest is meant."""
        found = []
        for indication in group:
            kept = next((one for one in self._kept if one.indication == indication), None)
            if kept is not None:
                self._kept.remove(kept)
                found.append(kept)
        return found

    def _read(self, kept: list[_Kept]) -> None:
        try:
            readings = self._profile.readings(tuple(one.indication for one in kept))
            bodies = [self._body(reading, kept[0].arrival) for reading in readings]
        except DecodeError:
            log.warning("undecodable", device=str(self._device.id), seq=kept[0].ref.seq)
            bodies = []
        except Exception as error:  # noqa: BLE001 - a bug in a decoder must not cost the record
            log.error("decoder_failed", device=str(self._device.id), error=type(error).__name__)  # noqa: TRY400
            bodies = []
        if bodies:
            self._replace(kept, bodies)
        else:
            self._release(kept)

    def _replace(self, kept: list[_Kept], bodies: list[ReadingBody]) -> None:
        try:
            self._home.spool.replace(
                [one.ref for one in kept], [(class_of(body.reading), body) for body in bodies]
            )
        except SpoolRefused:  # the raw records are kept, and say the same
            self._release(kept)
            return
        self.sequences.extend(
            body.reading.sequence for body in bodies if body.reading.sequence is not None
        )
        log.info("reading_kept", device=str(self._device.id), seq=kept[0].ref.seq)

    def _release(self, kept: Iterable[_Kept]) -> None:
        try:
            self._home.spool.release([one.ref for one in kept])
        except SpoolRefused:
            return  # they stay held, and are released at the next start

    def _body(self, reading: Reading, came: Arrival) -> ReadingBody:
        moment = taken(reading, self._clock, came.received_at, self._home.zone)
        return ReadingBody(
            arrival=came.model_copy(update={"clock": self._clock}),
            reading=reading,
            measured_at=moment.at,
            basis=moment.basis,
            decoded_at=self._home.clock.now(),
        )
