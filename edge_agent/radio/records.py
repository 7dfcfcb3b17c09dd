"""Pulls a device's stored records through its Record Access Control Point."""

import asyncio
from datetime import datetime
from typing import Final
from uuid import UUID

from device_profiles.codecs import racp
from device_profiles.errors import DecodeError
from device_profiles.gatt import Uuid
from edge_agent.core.plan import pull_from, rising
from edge_agent.errors import DeviceLost, DeviceRefused
from edge_agent.logs import log
from edge_agent.ports import Bookmark, Link
from edge_agent.radio.home import Home
from edge_agent.radio.intake import Intake

# Without a record or an answer for this long, the procedure has failed.
PROCEDURE_S: Final = 30.0


class Records:
    """One session's pull. `subscribe` comes with the other subscriptions, `pull` later."""

    def __init__(self, link: Link, point: Uuid, device: UUID, intake: Intake, home: Home) -> None:
        self._link, self._point, self._device = link, point, device
        self._intake, self._home = intake, home
        self._answers: asyncio.Queue[racp.Message] = asyncio.Queue()

    async def subscribe(self) -> None:
        """Hear the answers."""
        await self._link.subscribe(self._point, self._take)

    async def pull(self, newest: int | None = None) -> None:
        """Ask for what is new, or for everything; remember how far it went once all is kept.

        `newest`: no record can have a higher number now. A mark beyond it is of an older session.
        """
        mark, now = self._mark(newest), self._home.clock.now()
        first = pull_from(mark.sequence, mark.full_pull, now) if mark else None
        try:
            done = await self._report(first)
            if not done and first is not None:  # some know no filter by sequence number
                first, done = None, await self._report(None)
        except DeviceLost:
            self._cut_short(mark if first is not None else None, now)
            raise
        except DeviceRefused as error:
            log.warning("records_refused", device=str(self._device), error=error.detail)
            return
        self._home.cut_short.pop(self._device, None)
        if done:
            self._remember(mark if first is not None else None, now)

    def _mark(self, newest: int | None) -> Bookmark | None:
        """Go on where the last pull was cut short; a device that always hangs up early ends too."""
        cut_short = self._home.cut_short.get(self._device)
        mark = cut_short or self._home.spool.bookmark(self._device)
        return None if mark and newest is not None and mark.sequence > newest else mark

    def _cut_short(self, mark: Bookmark | None, now: datetime) -> None:
        """Note how far it came. Only where the records came oldest first is the rest what follows.

        Not kept over a restart: then all are asked for again.
        """
        came = self._intake.sequences
        if came and rising(came):
            full_pull = mark.full_pull if mark else now
            self._home.cut_short[self._device] = Bookmark(came[-1], full_pull)
        elif mark is None:
            self._home.cut_short.pop(self._device, None)

    async def _report(self, first: int | None) -> bool:
        request = racp.report_all() if first is None else racp.report_from(first)
        await self._link.write(self._point, request)
        answer = await self._answer()
        if not answer.succeeded:
            log.warning("records_not_pulled", device=str(self._device), code=answer.answer)
        return answer.succeeded

    async def _answer(self) -> racp.Message:
        """Wait for the answer to a report; every record that comes extends the time."""
        gone = asyncio.ensure_future(self._link.hung_up())
        heard = asyncio.ensure_future(self._answers.get())
        try:
            while left := self._left():
                await asyncio.wait((gone, heard), timeout=left, return_when=asyncio.FIRST_COMPLETED)
                if heard.done():
                    return heard.result()
                if gone.done():
                    raise DeviceLost
            raise DeviceRefused("records_timeout")
        finally:
            gone.cancel()
            heard.cancel()

    def _left(self) -> float:
        return max(0.0, self._intake.last_at + PROCEDURE_S - self._home.clock.monotonic())

    def _take(self, octets: bytes) -> None:
        try:
            message = racp.decode(octets)
        except DecodeError:
            log.warning("records_answer_undecodable", device=str(self._device))
            return
        if message.op == racp.Op.RESPONSE and message.request == racp.Op.REPORT:
            self._answers.put_nowait(message)

    def _remember(self, mark: Bookmark | None, now: datetime) -> None:
        """After a full pull the old mark means nothing: sequence numbers may have restarted."""
        sequences = [*self._intake.sequences, *([mark.sequence] if mark else [])]
        if sequences:
            full_pull = mark.full_pull if mark else now
            self._home.spool.remember(self._device, Bookmark(max(sequences), full_pull))
