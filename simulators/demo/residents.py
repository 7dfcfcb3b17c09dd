"""Who lives in the demo's two homes: recorded people where there are recordings, else virtual."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from simulators.homes import Course, device, home, rebase, thin
from simulators.recordings import bidmc, bp_preg, uci_diabetes
from simulators.sample import BLOOD_PRESSURE, GLUCOSE, OXYGEN, Sample
from simulators.site import Resident
from simulators.vitals.patient import VirtualPatient
from simulators.vitals.setbacks import (
    EXACERBATION,
    HYPOGLYCAEMIA,
    SEVERE_PRESSURE,
    SICK_DAY,
    Setback,
)

SEED: Final = 7
ZONE: Final = "Europe/Vienna"
SPOT_CHECKS: Final = timedelta(seconds=60)
VIRTUAL_DAYS: Final = 60


@dataclass(frozen=True, slots=True)
class Choice:
    """A device in a demo home, whose series it replays, and how much of it happens live."""

    kind: str
    recorded: str
    virtual_seed: int
    course: Course
    address: str
    name: str
    clock_error_s: float = 0
    condition: str = "healthy"
    goes_wrong: tuple[Setback, ...] = ()
    """What happens to the virtual patient, so that the series ends eventfully."""


# Chosen for what their last day holds, so that each clinical severity finds somebody; what goes
# wrong with the virtual patients likewise. The meters' clocks are wrong, as clocks of meters are;
# so that a second run says the same octets again, what they measured lies before the run, and
# before their clocks are set.
HOMES: Final[dict[str, tuple[Choice, ...]]] = {
    "Anna Example": (
        Choice(
            GLUCOSE,
            "uci-16",
            32,
            Course(),
            "C0:FF:EE:00:00:01",
            "Meter A",
            -3725,
            "diabetes",
            (Setback(HYPOGLYCAEMIA, VIRTUAL_DAYS - 0.4),),
        ),
        Choice(
            BLOOD_PRESSURE,
            "bp-preg-054",
            17,
            Course(3, 3, 4),
            "C0:FF:EE:00:00:02",
            "Cuff A",
            0,
            "hypertension",
            (Setback(SEVERE_PRESSURE, VIRTUAL_DAYS - 0.7),),
        ),
    ),
    "Bruno Example": (
        Choice(
            GLUCOSE,
            "uci-20",
            25,
            Course(),
            "C0:FF:EE:00:00:03",
            "Meter B",
            186,
            "diabetes",
            (Setback(SICK_DAY, VIRTUAL_DAYS - 1.0, 0.5),),
        ),
        Choice(
            OXYGEN,
            "bidmc-12",
            8,
            Course(4, 2, 3),
            "C0:FF:EE:00:00:04",
            "Oximeter B",
            0,
            "copd",
            (Setback(EXACERBATION, VIRTUAL_DAYS - 3.0),),
        ),
    ),
}


# As a clinic would import them. In +1 ... 555-01xx nobody has a telephone.
FILE: Final = (
    "given_name,family_name,birth_date,language,phone,address,contact_name,contact_relation,"
    "contact_phone,consent_on,consent_how\n{line},{consent:%Y-%m-%d},verbal\n"
)
LINES: Final = {
    "Anna Example": 'Anna,Example,1951-04-02,en,+1 312 555 0142,"1 Example Street, Example Town",'
    "Clara Example,child,+1 312 555 0143",
    "Bruno Example": 'Bruno,Example,1946-09-17,en,+1 312 555 0144,"2 Example Street, Example Town",'
    "Dora Example,partner,+1 312 555 0145",
}


def file_of(line: str, anchor: datetime) -> str:
    """Return the file to import somebody from, who agreed before the demo's first measurement."""
    return FILE.format(line=line, consent=anchor - timedelta(days=VIRTUAL_DAYS + 1))


def residents(recordings: Path | None, anchor: datetime) -> list[Resident]:
    """Return the people of the demo, their newest measurement shortly before `anchor` (UTC)."""
    return [
        Resident(
            name,
            home([_device(choice, recordings, anchor) for choice in choices], SEED, ZONE),
            file_of(LINES[name], anchor),
        )
        for name, choices in HOMES.items()
    ]


def _device(choice: Choice, recordings: Path | None, anchor: datetime) -> dict[str, Any]:
    samples = _recorded(choice, recordings) if recordings else _virtual(choice, anchor)
    if choice.kind == OXYGEN and recordings:
        samples = thin(samples, SPOT_CHECKS)
    placed = rebase(samples, anchor, ZoneInfo(ZONE))
    return device(
        placed, choice.address, choice.name, choice.course, clock_error_s=choice.clock_error_s
    )


def _recorded(choice: Choice, folder: Path) -> Sequence[Sample]:
    return [one for one in _read(choice.kind, folder) if one.subject == choice.recorded]


def _read(kind: str, folder: Path) -> Iterator[Sample]:
    readers = {GLUCOSE: uci_diabetes.read, BLOOD_PRESSURE: bp_preg.read, OXYGEN: bidmc.read}
    return readers[kind](folder)


def _virtual(choice: Choice, anchor: datetime) -> Sequence[Sample]:
    first = (anchor - timedelta(days=VIRTUAL_DAYS)).date()
    patient = VirtualPatient(
        choice.recorded,
        choice.virtual_seed,
        choice.condition,
        adherence=1.0,
        eventful=False,
        planned=choice.goes_wrong,
    )
    return [one for one in patient.samples(first, VIRTUAL_DAYS) if one.kind == choice.kind]
