"""What all sessions of this hub share: the spool, the clock, and what could not be kept yet."""

from collections import deque
from dataclasses import dataclass, field
from uuid import UUID
from zoneinfo import ZoneInfo

from device_profiles.registry import Models
from device_profiles.wire.body import RawBody
from edge_agent.core.model import Model
from edge_agent.errors import SpoolRefused
from edge_agent.logs import log
from edge_agent.ports import Bookmark, Clock, Ref, Spool
from edge_agent.radio.bonds import Bonds
from edge_agent.radio.understood import WaitingForTime


@dataclass
class Home:
    """The hub around its devices. `quiet_s`: how long a device may say nothing."""

    spool: Spool
    clock: Clock
    zone: ZoneInfo
    quiet_s: float
    bonds: Bonds = field(default_factory=Bonds)
    parked: deque[RawBody] = field(default_factory=deque)
    kept: int = 0
    """How many records were committed since the start."""
    waiting_for_time: WaitingForTime = field(init=False)
    cut_short: dict[UUID, Bookmark] = field(default_factory=dict)
    """How far pulls came that a hang-up ended."""
    models: dict[UUID, Model] = field(default_factory=dict)
    """What each device said of itself, once it was asked."""
    known_models: Models = field(default_factory=Models)
    readers: dict[UUID, str] = field(default_factory=dict)
    """The profile that a device's model asks for, where it is another than the owner's."""

    def __post_init__(self) -> None:
        self.waiting_for_time = WaitingForTime(self)

    def keep(self, body: RawBody) -> Ref | None:
        """Commit a raw record; where the spool refuses, park it in memory and return None.

        The device has been told that its record arrived and may have deleted it. The session ends
        with the first refusal, so only what was on its way already is parked.
        """
        try:
            ref = self.spool.hold(body)
        except SpoolRefused:
            self.parked.append(body)
            log.warning("record_parked", device=str(body.arrival.device), parked=len(self.parked))
            return None
        self.kept += 1
        return ref

    def keep_parked(self) -> bool:
        """Try to commit what is parked; no device is asked for more before that succeeds."""
        while self.parked:
            try:
                self.spool.release([self.spool.hold(self.parked[0])])
            except SpoolRefused:
                return False
            self.parked.popleft()
        return True
