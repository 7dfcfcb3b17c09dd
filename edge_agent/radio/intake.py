"""Takes the octets of one session: each is sealed and committed first, and only then understood."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from device_profiles.errors import DecodeError
from device_profiles.gatt import Uuid
from device_profiles.profile import Group
from device_profiles.reading import Indication, Reading
from device_profiles.timeline import ClockCheck
from device_profiles.wire.body import Arrival, RawBody
from device_profiles.wire.v1 import Class
from edge_agent.core.allow_list import Allowed
from edge_agent.core.true_time import Checked
from edge_agent.errors import SpoolRefused
from edge_agent.logs import log
from edge_agent.ports import Ref
from edge_agent.radio.home import Home
from edge_agent.radio.understood import Understood


@dataclass(frozen=True, slots=True)
class _Kept:
    indication: Indication
    arrival: Arrival
    monotonic: float
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
        self._checked: Checked | None = None
        self._clock_known = self._finished = False
        self._behind: Group = ()
        self._reader = allowed.device.profile
        self.count = 0
        self.sequences: list[int] = []
        self.last_at = home.clock.monotonic()

    def take(self, uuid: Uuid, octets: bytes, *, reads: bool = True) -> None:
        """Keep one indication; runs inside the radio's callback and never raises.

        `reads` false: it holds no measurement, and travels as it is at the end of the session.
        """
        self.last_at = self._home.clock.monotonic()
        indication = Indication(uuid=uuid, octets=octets)
        came = Arrival(
            device=self._device.id,
            profile=self._reader,
            session=self._session,
            order=self.count,
            received_at=self._home.clock.now(),
            clock=self._checked.check if self._checked else None,
            hub_clock_ok=self._clock_ok(),
        )
        self.count += 1
        ref = self._home.keep(RawBody(arrival=came, indication=indication))
        if ref is None:
            self._refuse()
            return
        self._kept.append(_Kept(indication, came, self.last_at, ref))
        if reads:
            self._complete += self._assembly.add(indication)
            self._read_complete()
        if self._finished:  # said while the hub hung up: nobody comes back for it
            self.finish()

    def _clock_ok(self) -> bool:
        """A look at the device's clock by a wrong hub clock spoils what rests on it, too."""
        return self._home.clock.trusted() and (self._checked is None or self._checked.hub_clock_ok)

    def heard(self) -> None:
        """Note that the device said something that is no measurement."""
        self.last_at = self._home.clock.monotonic()

    def read_with(self, *told: Indication) -> None:
        """Take what has to be known to read this session's groups: it is put behind each."""
        self._behind = told

    def distrust(self, reader: str) -> None:
        """The device is another model than its profile reads: nothing is read here any more.

        All travels as it came, for the profile that can read it. So does what is kept already.
        """
        self._reader = reader

    def clock_read(self, check: ClockCheck | None) -> None:
        """Take what the device's clock said before it was set; None where it said nothing."""
        clock, self._clock_known = self._home.clock, True
        self._checked = Checked(check, clock.monotonic(), clock.trusted()) if check else None
        self._read_complete()

    def clock_set(self, at: datetime | None) -> None:
        """Note that the clock is right from now on, if the device took the setting."""
        if at is not None and self._checked is not None:
            check = self._checked.check.model_copy(update={"set_at": at})
            self._checked = replace(self._checked, check=check)

    def finish(self) -> None:
        """Read what is complete; what is left over travels as it is."""
        self._clock_known = self._finished = True
        if self._profile.reads_rest:
            self._complete += self._assembly.rest()
        self._read_complete()
        left, self._kept = self._kept, []
        self._release(left)

    def _read_complete(self) -> None:
        if not self._clock_known:
            return
        if self._reader != self._profile.key:
            self._pass_on()
            return
        groups, self._complete = self._complete, []
        for group in groups:
            self._read(self._take_kept(group))

    def _pass_on(self) -> None:
        kept, self._kept, self._complete = self._kept, [], []
        for one in kept:
            arrival = one.arrival.model_copy(update={"profile": self._reader})
            body = RawBody(arrival=arrival, indication=one.indication)
            try:
                self._home.spool.replace([one.ref], [(Class.ROUTINE, body)])
            except SpoolRefused:
                self._release([one])

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
        readings = self._decode(kept)
        if not readings:
            self._release(kept)
            return
        self.sequences.extend(one.sequence for one in readings if one.sequence is not None)
        first, refs = kept[0], tuple(one.ref for one in kept)
        self._home.waiting_for_time.take(
            Understood(refs, readings, first.arrival, first.monotonic, self._checked)
        )

    def _decode(self, kept: list[_Kept]) -> tuple[Reading, ...]:
        try:
            return self._profile.readings((*(one.indication for one in kept), *self._behind))
        except DecodeError:
            log.warning("undecodable", device=str(self._device.id), seq=kept[0].ref.seq)
        except Exception as error:  # noqa: BLE001 - a bug in a decoder must not cost the record
            log.error("decoder_failed", device=str(self._device.id), error=type(error).__name__)
        return ()

    def _release(self, kept: Iterable[_Kept]) -> None:
        try:
            self._home.spool.release([one.ref for one in kept])
        except SpoolRefused:
            return  # they stay held, and are released at the next start
