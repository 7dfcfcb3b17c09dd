"""Waits for what must not be left half done, also where the hub is told to stop meanwhile."""

import asyncio
from collections.abc import Coroutine
from typing import Any


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
