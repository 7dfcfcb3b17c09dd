"""The composition root of the agent: builds its parts, starts and stops its loops."""

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any, Literal

from edge_agent.errors import EdgeError
from edge_agent.heartbeat import Heartbeat
from edge_agent.identity.hub import Identity, read_allow_list, read_identity
from edge_agent.indicator.board import Board
from edge_agent.indicator.choose import make
from edge_agent.logs import log
from edge_agent.memory import tidy
from edge_agent.notify import keep_alive, notify
from edge_agent.opening import open_home
from edge_agent.radio.bluez import BluezRadio
from edge_agent.radio.ending import end_all
from edge_agent.radio.home import Home
from edge_agent.radio.keeper import Keeper
from edge_agent.radio.times import Times
from edge_agent.renewing import Renewing
from edge_agent.settings import Settings
from edge_agent.uplink.mqtt import MqttUplink
from edge_agent.uplink.receipts import Receipts
from edge_agent.uplink.sender import Sender


def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises EdgeError for what cannot be started."""
    identity = read_identity(settings.hub_dir)
    if asyncio.run(_run(settings, identity)):
        # A new program in this process: all is read anew, and memory is as after a start.
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - itself


async def _run(settings: Settings, identity: Identity) -> bool:
    """Run; say whether to begin anew, since hub.toml has changed."""
    stop, changed = asyncio.Event(), asyncio.Event()
    hub_file, wake = identity.hub_file, asyncio.Event()
    with open_home(settings, identity, wake.set, Home) as home:
        left = home.spool.release()  # cut short by a crash: they travel as they are
        log.info("started", hub=str(hub_file.hub), epoch=home.spool.epoch, released=left)
        receipts = Receipts(hub_file.hub, identity.receipt_keys)
        uplink = MqttUplink(hub_file.hub, hub_file.broker, identity.login)
        sender = Sender(home.spool, uplink, receipts, home.clock, wake)
        allow_list = read_allow_list(hub_file, identity.owners)
        times = Times(call_s=settings.call_seconds, silent_s=settings.silent_seconds)
        radio = BluezRadio(allow_list, identity.passkeys, times)
        keepers = [Keeper(allowed, radio, home) for allowed in allow_list]
        for keeper in keepers:
            radio.sightings(keeper.see)
            radio.starts(keeper.radio_is_back)
        heartbeat = Heartbeat(hub_file.hub, settings.state_dir, home, radio, sender, keepers)
        loops = (
            *(sender.run(), radio.run(), heartbeat.write(), keep_alive()),
            heartbeat.beat(settings.heartbeat_seconds),
            *(keeper.run() for keeper in keepers),
        )
        if hub_file.api is not None:
            restart = partial(_set, changed, stop)
            loops = (*loops, Renewing(settings.renew_seconds, sender.reconnect, restart).run())
        if settings.indicator != "none":
            indicator = make(settings.indicator, settings.indicator_pins)
            loops = (*loops, Board(indicator, home, sender, keepers).run())
        await _until_stopped(loops, stop)
    log.info("stopped", hub=str(hub_file.hub), restarts=changed.is_set())
    return changed.is_set()


def _set(*events: asyncio.Event) -> None:
    for event in events:
        event.set()


async def _until_stopped(loops: tuple[Coroutine[Any, Any, None], ...], stop: asyncio.Event) -> None:
    """Run all loops; end when one fails, which is a bug, or when asked to stop."""
    running = asyncio.get_running_loop()
    running.set_exception_handler(_unexpected)
    for number in (signal.SIGTERM, signal.SIGINT):
        running.add_signal_handler(number, stop.set)
    tasks = {asyncio.create_task(loop) for loop in loops}
    stopping = asyncio.create_task(stop.wait())
    tidy()
    notify("READY=1")
    try:
        await _first_failure(tasks, stopping)
    finally:
        notify("STOPPING=1")
        await end_all(tasks | {stopping})


async def _first_failure(
    tasks: "set[asyncio.Task[None]]", stopping: "asyncio.Task[Literal[True]]"
) -> None:
    done, _ = await asyncio.wait({*tasks, stopping}, return_when=asyncio.FIRST_COMPLETED)
    for task in done - {stopping}:
        error = task.exception()
        log.error("loop_failed", error=type(error).__name__, where=_where(error))
        raise EdgeError("A part of it ended by a bug; the log says where.")


def _where(error: BaseException | None) -> str:
    """Return the innermost frame; the message itself could hold a value."""
    frames = traceback.extract_tb(error.__traceback__) if error else []
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def _unexpected(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    log.error("unexpected", error=type(error).__name__, where=_where(error))
