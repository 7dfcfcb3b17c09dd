"""A person's measurements as a simulated home: one device for each kind of measurement."""

from collections.abc import Sequence
from typing import Final
from zlib import crc32

from simulators.home_file import HomeFile
from simulators.homes import KIND, device, home
from simulators.sample import Sample

NAMES: Final = {kind: f"Simulated {name}" for kind, name in KIND.items()}


def as_home(samples: Sequence[Sample], seed: int, zone: str) -> HomeFile:
    """Return the home whose devices hold all of it, measured before the run."""
    kinds = [kind for kind in KIND if any(one.kind == kind for one in samples)]
    devices = [
        device([one for one in samples if one.kind == kind], _address(samples, kind), NAMES[kind])
        for kind in kinds
    ]
    return home(devices, seed, zone)


def _address(samples: Sequence[Sample], kind: str) -> str:
    """Return a random static address, the same for the same person and kind."""
    digits = f"{crc32(f'{samples[0].subject} {kind}'.encode()):08X}"
    return ":".join(["C0", "FF", *(digits[n : n + 2] for n in range(0, 8, 2))])
