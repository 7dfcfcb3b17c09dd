"""Waits for what must not be left half done, also where the hub is told to stop meanwhile."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

# Disconnecting a device takes BlueZ up to 3 s; systemd kills after 90.
STOP_S: Final = 20.0
CANCEL_S: Final = 8.0


async def to_the_end(call: Coroutine[Any, Any, None], seconds: float) -> None:
    """Wait for a call, or `seconds`; a cancellation is obeyed after it. Raises TimeoutError."""
    task, loop, cancelled = asyncio.ensure_future(call), asyncio.get_running_loop(), False
    deadline = loop.time() + seconds
    while not task.done() and (left := deadline - loop.time()) > 0:
        try:
            await asyncio.wait({task}, timeout=left)
        except asyncio.CancelledError:
            cancelled = True
    in_time = task.done()
    task.cancel()
    (ended,) = await asyncio.gather(task, return_exceptions=True)
    if cancelled:
        raise asyncio.CancelledError
    if not in_time:
        raise TimeoutError
    if isinstance(ended, BaseException):
        raise ended


async def end_all(tasks: "set[asyncio.Task[Any]]") -> None:
    """Cancel until all have ended: wait_for of Python 3.11 can swallow a cancellation."""
    deadline = asyncio.get_running_loop().time() + STOP_S
    while tasks and asyncio.get_running_loop().time() < deadline:
        for task in tasks:
            task.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=CANCEL_S)
