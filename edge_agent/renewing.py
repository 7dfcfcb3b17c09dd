"""The agent's side of renewal: a child process does it, so that the agent needs no memory for it.

X.509 and HTTPS would cost the agent 6 MB for months, for a second of work every few days.
"""

import asyncio
import json
import os
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from edge_agent.core.backoff import jittered
from edge_agent.logs import log

# What a start has to do comes first.
FIRST_S: Final = 60.0
CHILD_S: Final = 180.0


@dataclass(frozen=True, slots=True)
class Renewing:
    """Asks a child again and again. `reconnect`: there is a new certificate. `restart`: hub.toml
    has changed."""

    every_s: float
    reconnect: Callable[[], None]
    restart: Callable[[], None]

    async def run(self) -> None:
        """Look soon after the start, then regularly, until cancelled."""
        await asyncio.sleep(min(FIRST_S, jittered(self.every_s, random.random())))  # noqa: S311 - no secret
        while True:
            told = await _child()
            log.info("renewal", **told)
            if told.get("renewed"):
                self.reconnect()
            if told.get("changed"):
                self.restart()
            await asyncio.sleep(jittered(self.every_s, random.random()))  # noqa: S311 - no secret


async def _child() -> dict[str, Any]:
    """Run `renew` and return what it told; no error of it ends the agent."""
    # systemd shall hear of the agent from the agent only.
    environment = {name: text for name, text in os.environ.items() if name != "NOTIFY_SOCKET"}
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "edge_agent", "renew", "--json"),
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        return {"error": type(error).__name__}
    try:
        async with asyncio.timeout(CHILD_S):
            octets, _ = await process.communicate()
        told: dict[str, Any] = json.loads(octets)
    except TimeoutError:
        return {"error": "too_slow"}
    except ValueError:
        return {"error": "no_answer"}
    else:
        return told
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
