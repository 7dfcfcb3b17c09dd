"""Sends what the spool holds, and lets go of it only on the gateway's receipt."""

import asyncio
import random
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final

from device_profiles.errors import WireError
from device_profiles.wire.v1 import MAX_BITMAP, Receipt
from edge_agent.core.backoff import jittered, wait_s
from edge_agent.core.window import SIZE, Window
from edge_agent.errors import BrokerUnavailable, SpoolRefused
from edge_agent.logs import log
from edge_agent.ports import Acknowledged, Answer, Clock, Connection, Downlink, Spool, Uplink
from edge_agent.uplink.receipts import Receipts

FIRST_WAIT_S: Final = 0.5
MOST_WAIT_S: Final = 60.0
# A connection that lived this long was no failure, whatever ended it.
LIVED_S: Final = 30.0
# Rows can become due that are outside the first rows of the spool: look again after this time.
LOOK_S: Final = 5.0
# So far beyond its high water a receipt can tell of single rows.
RECEIPT_REACH: Final = 8 * MAX_BITMAP


class Sender:
    """Keeps the connection up and the window full. `wake` is set when rows became ready."""

    def __init__(
        self, spool: Spool, uplink: Uplink, receipts: Receipts, clock: Clock, wake: asyncio.Event
    ) -> None:
        self._spool, self._uplink, self._receipts = spool, uplink, receipts
        self._clock, self._wake = clock, wake
        self._window, self._epoch = Window(), spool.epoch
        self._backlog: int | None = None  # its last seq; unknown until it was looked at
        self.connected, self._again = asyncio.Event(), asyncio.Event()
        self.nobody_listens = False
        self.undelivered = 0
        self.receipted = 0

    def reconnect(self) -> None:
        """End this connection and make another: there is a new certificate."""
        self._again.set()

    async def run(self) -> None:
        """Connect and send, again and again, until cancelled."""
        failures = 0
        while True:
            started = self._clock.monotonic()
            try:
                await self._connection()
            except BrokerUnavailable as error:
                log.warning("uplink_lost", error=error.detail)
            lived = self._clock.monotonic() - started >= LIVED_S
            failures = 1 if lived else failures + 1
            wait = wait_s(failures, FIRST_WAIT_S, MOST_WAIT_S)
            await asyncio.sleep(jittered(wait, random.random()))  # noqa: S311 - no secret

    async def _connection(self) -> None:
        async with self._uplink.connect() as connection:
            log.info("uplink_connected", epoch=self._spool.epoch)
            self._begin()  # whatever the last connection carried is sent again
            self.connected.set()
            self._again.clear()
            try:
                await _first(self._send(connection), self._listen(connection), self._until_again())
            finally:
                self.connected.clear()

    def _begin(self) -> None:
        self._epoch, self._window, self._backlog = self._spool.epoch, Window(), None

    async def _until_again(self) -> None:
        await self._again.wait()
        log.info("uplink_reconnects")

    async def _send(self, connection: Connection) -> None:
        while True:
            self._wake.clear()
            try:
                self._publish_due(connection)
            except SpoolRefused as error:  # the disk: nothing is lost, it is tried again
                log.warning("spool_unavailable", error=error.detail)
            await self._until_due()

    def _publish_due(self, connection: Connection) -> None:
        now = self._clock.monotonic()
        waiting = self._spool.pending(SIZE, self._window.stalled(now), self._backlog or 0)
        if self._spool.epoch != self._epoch:  # a renewed spool counts from 1 again
            self._begin()
        if self._backlog is None:
            self._backlog = max((row.ref.seq for row in waiting), default=0)
        rows = self._window.choose(waiting, now)
        if not rows:
            return
        self._spool.sent([row.ref.seq for row in rows])  # before: a crash must not hide a sending
        for row in rows:
            connection.publish(row, self._clock.now())

    async def _until_due(self) -> None:
        now = self._clock.monotonic()
        due = self._window.next_due(now)
        wait = LOOK_S if due is None else min(LOOK_S, due - now)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._wake.wait()

    async def _listen(self, connection: Connection) -> None:
        async for event in connection.events():
            if isinstance(event, Acknowledged):
                self._answered(event)
            else:
                self._received(event)

    def _answered(self, event: Acknowledged) -> None:
        now = self._clock.monotonic()
        self._window.answered(event.seq, event.answer, now)
        if self.nobody_listens and event.answer is Answer.TAKEN:
            self._window.heard_again(now)
            self._wake.set()
        self.nobody_listens = event.answer is Answer.NOBODY_LISTENS
        if event.answer is not Answer.TAKEN:
            self.undelivered += 1
            log.warning("not_delivered", seq=event.seq, answer=event.answer.value)
            self._wake.set()  # it is due sooner than the sender thinks

    def _received(self, message: Downlink) -> None:
        try:
            receipt = self._receipts.read(message)
        except WireError as error:
            log.warning("receipt_refused", code=error.code)
            return
        try:
            self._apply(receipt)
        except SpoolRefused as error:
            log.warning("spool_unavailable", error=error.detail)

    def _apply(self, receipt: Receipt) -> None:
        freed = self._spool.apply(receipt)
        self.receipted += freed
        if receipt.epoch == self._spool.epoch:
            now = self._clock.monotonic()
            self._window.receipted(receipt.covers, now, receipt.high_water + RECEIPT_REACH)
            if self._window.stalled(now):  # they make room for others
                self._wake.set()
        else:  # what was rescued from a damaged spool stands outside this epoch's numbers
            log.info("receipt_of_other_epoch", epoch=receipt.epoch)
        if receipt.quarantined:
            log.warning("quarantined", epoch=receipt.epoch, seqs=list(receipt.quarantined))
        if freed:
            log.info("receipted", epoch=receipt.epoch, rows=freed)
            self._wake.set()


async def _first(*loops: Coroutine[Any, Any, None]) -> None:
    """Run loops until the first ends, and raise what it ended with."""
    tasks = [asyncio.ensure_future(loop) for loop in loops]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for result in ended:
        if isinstance(result, Exception):
            raise result
