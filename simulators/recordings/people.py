"""One recorded person, of whichever recording is there."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from simulators.recordings import bidmc, bp_preg, uci_diabetes, weight_krone
from simulators.sample import Sample

READERS: Final[dict[str, Callable[[Path], Iterator[Sample]]]] = {
    "bidmc-": bidmc.read,
    "bp-preg-": bp_preg.read,
    "krone-": weight_krone.read,
    "uci-": uci_diabetes.read,
}


class NotRecorded(Exception):
    """There is no such person; the text says who there is."""


def read(folder: Path, subject: str) -> tuple[Sample, ...]:
    """Return all samples of one person, oldest first."""
    reader = next((one for start, one in READERS.items() if subject.startswith(start)), None)
    if reader is None:
        raise NotRecorded(f"recorded people are named {', '.join(READERS)} and a number: {subject}")
    try:
        samples = [one for one in reader(folder) if one.subject == subject]
    except FileNotFoundError as error:
        raise NotRecorded(f"the recording is not there: {error.filename}") from None
    if not samples:
        raise NotRecorded(f"nobody in {folder} is {subject}")
    return tuple(sorted(samples, key=lambda one: one.at))
