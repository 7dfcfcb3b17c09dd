"""Tells systemd that the agent is ready and alive (sd_notify(3)); nothing without systemd."""

import asyncio
import os
import socket


def notify(state: str) -> None:
    """Send one state, such as READY=1. A lost one is made up for by the next."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        try:
            channel.sendto(state.encode(), address.replace("@", "\0", 1))
        except OSError:
            return


async def keep_alive() -> None:
    """Feed the watchdog for as long as the event loop turns."""
    # Without a watchdog there is nothing to feed; once an hour nobody is disturbed.
    half = int(os.environ.get("WATCHDOG_USEC", "0")) / 2_000_000 or 3600.0
    while True:
        notify("WATCHDOG=1")
        await asyncio.sleep(half)
