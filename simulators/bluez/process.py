"""One simulated home as a process: its bus, its org.bluez, its devices, until SIGTERM."""

import asyncio
import json
import signal
from collections.abc import Callable
from pathlib import Path

from dbus_fast.aio import MessageBus

from simulators.bluez.daemon import BusUnavailable, private_bus
from simulators.bluez.running import RunningHome
from simulators.home_file import HomeFile
from simulators.peripherals.peripheral import World
from simulators.taken import TakenFile


async def run(
    home: HomeFile, directory: Path, speed: float, say: Callable[[str], None], *, hold: bool = False
) -> None:
    """Serve a home; `say` gets one JSON line when it can be used.

    With `hold` its devices do nothing until SIGUSR1.
    """
    ended, begun = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    loop.add_signal_handler(signal.SIGUSR1, begun.set)
    if not hold:
        begun.set()
    taken = TakenFile(directory / "taken.jsonl", home.timezone)
    try:
        async with private_bus(directory) as address:
            bus = MessageBus(bus_address=address, negotiate_unix_fd=True)
            await bus.connect()
            await _serve(
                bus,
                home,
                World(home.timezone, speed, taken.add),
                begun,
                ended,
                lambda: say(json.dumps({"bus": address, "taken": str(directory / "taken.jsonl")})),
            )
            bus.disconnect()
    finally:
        taken.close()


async def _serve(
    bus: MessageBus,
    home: HomeFile,
    world: World,
    begun: asyncio.Event,
    ended: asyncio.Event,
    ready: Callable[[], None],
) -> None:
    running = RunningHome(bus, home, world)
    await running.serve()
    ready()
    beginning = asyncio.create_task(_begin(running, begun))
    lost = asyncio.create_task(_wait_for_end(bus))
    over = asyncio.create_task(ended.wait())
    await asyncio.wait({over, lost}, return_when=asyncio.FIRST_COMPLETED)
    for task in (beginning, over, lost):
        task.cancel()
    await running.stop()
    if lost.done() and not lost.cancelled():
        raise BusUnavailable("the private bus has ended") from lost.result()


async def _begin(running: RunningHome, begun: asyncio.Event) -> None:
    await begun.wait()
    running.begin()


async def _wait_for_end(bus: MessageBus) -> Exception | None:
    """Return when the bus has gone, with the reason if there is one."""
    try:
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
    except Exception as reason:  # noqa: BLE001 - whatever ended it is told
        return reason
    return None
