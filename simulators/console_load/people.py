"""People at the console: each looks at a page, thinks for some seconds, and looks at the next."""

import asyncio
import random
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

import httpx

THINKS_S: Final = (2.0, 6.0)
# How often which page is looked at, of ten times.
SHARES: Final = {"worklist": 5, "patient": 3, "charts": 2}


@dataclass(slots=True)
class Seen:
    """How long each page took, in milliseconds, from the request to its last octet."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: dict[str, int] = field(default_factory=lambda: defaultdict(int))


async def look(
    origin: str, cookies: list[dict[str, str]], pages: dict[str, list[str]], seconds: float
) -> Seen:
    """Let one person for each cookie look at these pages for so long."""
    seen, end = Seen(), time.monotonic() + seconds
    async with asyncio.TaskGroup() as group:
        for number, cookie in enumerate(cookies):
            group.create_task(_person(origin, cookie, pages, end, random.Random(number), seen))  # noqa: S311
    return seen


async def _person(
    origin: str,
    cookie: dict[str, str],
    pages: dict[str, list[str]],
    end: float,
    chance: random.Random,
    seen: Seen,
) -> None:
    async with httpx.AsyncClient(base_url=origin, headers=cookie, timeout=60) as browser:
        await asyncio.sleep(chance.uniform(0, THINKS_S[1]))
        while time.monotonic() < end:
            (kind,) = chance.choices(list(SHARES), list(SHARES.values()))
            began = time.perf_counter()
            answer = await browser.get(chance.choice(pages[kind]))
            seen.took[kind].append((time.perf_counter() - began) * 1000)
            if answer.status_code != httpx.codes.OK:
                seen.wrong[f"{kind} {answer.status_code}"] += 1
            await asyncio.sleep(chance.uniform(*THINKS_S))
