"""Plays a recorded session back through a profile: which line completes which readings?

A recording is JSONL. A line is an indication, `{"uuid", "octets"}`, or the hang-up, which is
`{"end": true}`. `times` repeats a line of a stream. What else a line holds is not looked at here.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from device_profiles.errors import DecodeError
from device_profiles.gatt import sig
from device_profiles.profile import Assembly, Group, Profile, Sieve
from device_profiles.reading import Indication, Reading

MOST_TIMES: Final = 10_000


class WrongRecording(ValueError):
    """This line is no line of a recording."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a line gave: readings, or why octets could not be read. `kept` false: dropped."""

    line: dict[str, Any]
    readings: tuple[Reading, ...] = ()
    error: str | None = None
    kept: bool = True


def parse(text: str) -> list[dict[str, Any]]:
    """Return the lines of a recording. Raises WrongRecording that names the line."""
    lines = []
    for number, written in enumerate(text.splitlines(), start=1):
        try:
            line = json.loads(written) if written.strip() else None
            if line is not None:
                lines.append(_checked(line))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise WrongRecording(
                f'line {number}: must look like {{"uuid": "2A35", "octets": "00780050005d00"}}'
            ) from None
    return lines


def _checked(line: dict[str, Any]) -> dict[str, Any]:
    if not line.get("end"):
        bytes.fromhex(line["octets"])
        sig(line["uuid"])
        if not 0 < int(line.get("times", 1)) <= MOST_TIMES:
            raise ValueError("times")
    return line


def play(profile: Profile, lines: Sequence[dict[str, Any]]) -> Iterator[Step]:
    """Yield what each line gives; after the last one the device hangs up."""
    assembly, sieve = profile.assemble(), profile.sieve()
    for line in (*lines, {"end": True}):
        if line.get("end"):
            yield _step(line, profile, assembly.rest())
            assembly, sieve = profile.assemble(), profile.sieve()
        else:
            yield _hear(line, profile, assembly, sieve)


def _hear(line: dict[str, Any], profile: Profile, assembly: Assembly, sieve: Sieve) -> Step:
    indication = Indication(uuid=sig(line["uuid"]), octets=bytes.fromhex(line["octets"]))
    if indication.uuid not in profile.subscribe:
        return Step(line, kept=False)
    kept = [indication for _ in range(int(line.get("times", 1))) if sieve.keeps(indication)]
    groups = [group for one in kept for group in assembly.add(one)]
    return _step(line, profile, groups, kept=bool(kept))


def _step(
    line: dict[str, Any], profile: Profile, groups: Sequence[Group], *, kept: bool = True
) -> Step:
    made: list[Reading] = []
    for group in groups:
        try:
            made += profile.readings(group)
        except DecodeError as error:
            return Step(line, tuple(made), str(error), kept)
    return Step(line, tuple(made), kept=kept)


def summary(reading: Reading) -> dict[str, Any]:
    """Return a reading in few words, as a recording's `expected` has it."""
    values = {
        value.name: f"{value.number} {value.unit}" if value.absent is None else str(value.absent)
        for value in reading.values
    }
    told: dict[str, Any] = {"kind": str(reading.kind), "values": values}
    told["validity"] = str(reading.validity)
    told["flags"] = list(reading.flags)
    told["time"] = reading.device_time and str(reading.device_time)
    told["user"], told["sequence"] = reading.user, reading.sequence
    return {name: said for name, said in told.items() if said not in (None, [])}
