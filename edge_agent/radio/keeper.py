"""Looks after one paired device: connects when it is seen, one session at a time, with back-off."""

import asyncio
from contextlib import suppress
from typing import Final

from device_profiles.problems import DeviceProblem
from device_profiles.wire.body import DeviceState
from edge_agent.core.allow_list import Allowed
from edge_agent.core.plan import Visits
from edge_agent.errors import ConnectionLost, EdgeError, PairingRefused
from edge_agent.logs import log
from edge_agent.ports import Radio, Sighting
from edge_agent.radio.home import Home
from edge_agent.radio.link import KEYS_GONE
from edge_agent.radio.session import Session

# BlueZ ends every attempt on a device that has lost its keys in the same way; a single one may
# have other reasons.
KEYS_GONE_AFTER: Final = 2
# An older attempt hangs in BlueZ. bleak has told it to disconnect, which is enough mostly.
STUCK_AFTER: Final = 3
IN_PROGRESS: Final = "org.bluez.Error.InProgress"


class Keeper:
    """One paired device. `state` is what the heartbeat tells of it."""

    def __init__(self, allowed: Allowed, radio: Radio, home: Home) -> None:
        self._allowed, self._radio, self._home = allowed, radio, home
        self._visits = Visits()
        self._sighting: Sighting | None = None
        self._seen, self._advertised = asyncio.Event(), asyncio.Event()
        self._last_error, self._alike = "", 0
        self._restarted = False
        self.in_session = False
        self.state = DeviceState(device=allowed.device.id)

    def see(self, sighting: Sighting) -> None:
        """Take an advertisement of any device."""
        if sighting.address != self._allowed.device.address:
            return
        self._sighting = sighting
        self._visits = self._visits.seen(self._home.clock.monotonic())
        self._tell(last_seen=self._home.clock.now(), rssi_dbm=sighting.rssi_dbm)
        self._seen.set()
        self._advertised.set()

    def radio_is_back(self) -> None:
        """Wait for the device to be seen again, and then not a moment longer.

        What the old Bluetooth service knew of it is gone, and it may have stopped advertising: a
        connection attempt would only keep the others waiting until it times out.
        """
        self._restarted, self._sighting = True, None
        self._visits = self._visits.after_restart()
        self._advertised.set()

    async def run(self) -> None:
        """Visit the device whenever it is there, until cancelled."""
        while True:
            await self._seen.wait()
            await self._turn()
            self._seen.clear()
            if self._sighting and self._visits.fresh(self._home.clock.monotonic()):
                await self._visit(self._sighting)

    async def _turn(self) -> None:
        """Wait as long as the last visits ask for; a new advertising window cuts it short."""
        while (left := self._visits.retry_at - self._home.clock.monotonic()) > 0:
            self._advertised.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._advertised.wait()

    async def _visit(self, sighting: Sighting) -> None:
        self._restarted = False
        try:
            if not self._home.keep_parked():
                raise ConnectionLost("spool_full")
            session = await self._session(sighting)
        except EdgeError as error:
            self._failed(error)
            return
        outcome, now = session.outcome, self._home.clock.monotonic()
        self._visits = self._after(session, now)
        told = {"battery_percent": outcome.battery_percent, "clock_error_s": outcome.clock_error_s}
        self._last_error, self._alike = "", 0
        self._tell(
            problem=outcome.problem,
            **{key: value for key, value in told.items() if value is not None},
        )
        log.info("session", device=self._name, records=outcome.brought)

    def _after(self, session: Session, now: float) -> Visits:
        outcome = session.outcome
        if self._restarted:
            return self._visits
        if not outcome.brought and not outcome.asked:  # it hung up before it could say anything
            return self._visits.after_failure(now)
        return self._visits.after_session(now, brought=outcome.brought)

    async def _session(self, sighting: Sighting) -> Session:
        async with self._radio.connect(sighting, pair=self._visits.pair) as link:
            log.info("connected", device=self._name)
            if self._visits.pair:
                self._home.bonds.note(self._allowed.device.id)
            self.in_session = True
            session = Session(link, self._allowed, sighting.name, self._home)
            try:
                await session.run()
            finally:
                self.in_session = False
            self._seen.clear()  # what was advertised before the hang-up has been served
        return session

    def _failed(self, error: EdgeError) -> None:
        pairing = isinstance(error, PairingRefused)
        now = self._home.clock.monotonic()
        if not self._restarted:
            self._visits = self._visits.after_failure(now, pairing=pairing)
        self._alike = self._alike + 1 if error.detail == self._last_error else 1
        self._last_error = error.detail
        self._tell(problem=self._problem(error))
        if error.detail == IN_PROGRESS and self._alike >= STUCK_AFTER:
            self._radio.reset()
        log.warning("session_failed", device=self._name, error=error.detail)
        self._seen.set()  # try again while the device may still be there

    def _problem(self, error: EdgeError) -> str:
        """Say in our own words what is wrong; other details are the libraries'."""
        bonded = self._allowed.device.id in self._home.bonds
        lost = error.detail == KEYS_GONE and self._alike >= KEYS_GONE_AFTER
        if bonded and (lost or isinstance(error, PairingRefused)):
            return DeviceProblem.BOND_LOST
        if error.detail in set(DeviceProblem):
            return error.detail
        return DeviceProblem.CONNECTION_FAILED

    def _tell(self, **news: object) -> None:
        self.state = self.state.model_copy(update=news)

    @property
    def _name(self) -> str:
        return str(self._allowed.device.id)
