"""The corpus and a fixed number of its mutations through every target, without atheris."""

import random
import time
import tracemalloc
from typing import Final

import pytest

from device_profiles.codecs import decoders
from device_profiles.profile import Profile
from device_profiles.registry import PROFILES
from tests.fixtures.promises import Keep
from tests.fuzz.corpus import lines, mutations
from tests.fuzz.targets import TARGETS, codec, profile

MUTATIONS: Final = 400
LONGEST_S: Final = 2.0  # on a busy machine; alone it takes milliseconds
MOST_OCTETS: Final = 32 << 20


@pytest.mark.parametrize("target", list(TARGETS))
def test_the_corpus_and_its_neighbours_are_read_or_refused(target: str, promise: Keep) -> None:
    known = lines(target)
    assert known
    slowest, count = 0.0, 0
    tracemalloc.start()
    try:
        for octets in (*known, *mutations(target, MUTATIONS, random.Random(5))):  # noqa: S311
            started = time.monotonic()
            TARGETS[target](octets)
            slowest, count = max(slowest, time.monotonic() - started), count + 1
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert slowest < LONGEST_S
    assert peak < MOST_OCTETS
    promise("fuzz", target=target, inputs=count, corpus=len(known), refused_or_read=count)


@pytest.mark.parametrize("uuid", sorted(decoders()))
def test_every_codec(uuid: str) -> None:
    chance = random.Random(uuid)  # noqa: S311 - the same octets every time
    for octets in mutations("codecs", 300, chance):
        codec(uuid, octets[1:])


@pytest.mark.parametrize("one", list(PROFILES.values()), ids=list(PROFILES))
def test_every_profile(one: Profile) -> None:
    chance = random.Random(one.key)  # noqa: S311 - the same octets every time
    for octets in mutations("profiles", 150, chance):
        profile(one, octets[1:])
