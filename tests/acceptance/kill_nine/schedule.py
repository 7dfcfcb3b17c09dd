"""One schedule: who measures and who is killed when, made of its seed alone."""

import random
from dataclasses import dataclass

PARTS = ("agent", "broker", "ingest", "postgres")
LASTS_S = 0.9
LONGEST_DOWN_S = 0.4


@dataclass(frozen=True)
class Event:
    """Something that happens `at` seconds after the beginning."""

    at: float


@dataclass(frozen=True)
class Measure(Event):
    device: str
    count: int


@dataclass(frozen=True)
class Save(Event):
    """The broker writes its store: what it comes back with where it is not wiped."""


@dataclass(frozen=True)
class Strike(Event):
    part: str
    down_s: float
    whole: bool


def schedule(seed: int) -> list[Event]:
    """Return what happens, in its order; the last measurements come after the last strike."""
    chance = random.Random(seed)  # noqa: S311 - a schedule, not a secret
    events: list[Event] = [
        *(Measure(_moment(chance), "cuff", 1) for _ in range(chance.randint(1, 2))),
        *(Measure(_moment(chance), "meter", chance.randint(1, 5)) for _ in range(2)),
        *(Save(_moment(chance)) for _ in range(chance.randint(0, 1))),
        *_strikes(chance),
    ]
    events.sort(key=lambda event: event.at)
    return [*events, Measure(LASTS_S, "cuff", 1), Measure(LASTS_S, "meter", 1)]


def _strikes(chance: random.Random) -> list[Strike]:
    """One to four, of any parts; now and then two at the same moment."""
    strikes: list[Strike] = []
    for _ in range(chance.randint(1, 4)):
        together = strikes and chance.random() < 0.3
        at = strikes[-1].at if together else _moment(chance)
        part = chance.choice([one for one in PARTS if not strikes or one != strikes[-1].part])
        down_s = chance.uniform(0, LONGEST_DOWN_S)
        strikes.append(Strike(at, part, down_s, whole=chance.random() < 0.7))
    return strikes


def _moment(chance: random.Random) -> float:
    return chance.uniform(0, LASTS_S)
