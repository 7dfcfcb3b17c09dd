"""A virtual or a recorded person, with what is needed to draw or list them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from simulators.recordings.people import NotRecorded, read
from simulators.sample import Sample
from simulators.vitals.conditions import CONDITIONS
from simulators.vitals.patient import VirtualPatient
from simulators.vitals.setbacks import Setback


class Unknown(Exception):
    """There is no such condition or person; the text says which there are."""

    def __init__(self, option: str, text: str) -> None:
        super().__init__(text)
        self.option = option


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody's measurements from the first day on, for so many days."""

    title: str
    samples: Sequence[Sample]
    setbacks: Sequence[Setback]
    first: date
    days: int


def virtual(
    name: str,
    seed: int,
    condition: str,
    adherence: float | None,
    calm: bool,
    first: date,
    days: int,
) -> Person:
    """Make a virtual patient."""
    if condition not in CONDITIONS:
        raise Unknown("condition", f"not one of {', '.join(CONDITIONS)}: {condition}")
    patient = VirtualPatient(name, seed, condition, adherence, eventful=not calm)
    title = f"Virtual patient: {CONDITIONS[condition].title}, seed {seed}, {days} days"
    return Person(title, patient.samples(first, days), patient.setbacks(days), first, days)


def recorded(folder: Path, name: str) -> Person:
    """Read a recorded person."""
    try:
        samples = read(folder, name)
    except NotRecorded as error:
        raise Unknown("name", str(error)) from None
    first, last = samples[0].at.date(), samples[-1].at.date()
    days = (last - first).days + 1
    return Person(f"Recorded: {name}, {days} days", samples, (), first, days)
