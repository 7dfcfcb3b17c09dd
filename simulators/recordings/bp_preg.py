"""Blood pressure in pregnancy: day-clinic attendances with a pressure every 30 minutes.

Source: Dryad data package, doi 10.5061/dryad.0bq15, CC0 1.0, as bp_preg.csv in johnschwenck/bp.
Credit: McCarthy EA, Carins TA, Hannigan Y, Bardien N, Shub A, Walker S (2015). There is no person
number: attendances with the same height, weight and booking pressures are taken as one woman. (The
dates were shifted anew by up to 7 days for each attendance, so a date of birth does not identify.)
There is no time of day: attendances are taken to start at 09:00.
"""

import csv
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

from simulators.sample import BLOOD_PRESSURE, MMHG, Amount, Faults, Sample

FILE: Final = Path("bp-preg-cc0") / "bp_preg.csv"
MINUTES: Final = range(0, 241, 30)
WOMAN: Final = ("Ht", "Wt", "Bk_SBP", "Bk_DBP")
STARTS: Final = timedelta(hours=9)


def read(folder: Path, faults: Faults | None = None) -> Iterator[Sample]:
    """Return all complete pressures; incomplete and impossible ones go to `faults`."""
    women: dict[tuple[str, ...], str] = {}
    noted = Faults() if faults is None else faults
    with (folder / FILE).open(encoding="latin-1", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            key = tuple(row[name] for name in WOMAN)
            woman = women.setdefault(key, f"bp-preg-{len(women) + 1:03}")
            yield from _attendance(woman, row, line, noted)


def _attendance(woman: str, row: Mapping[str, str], line: int, faults: Faults) -> Iterator[Sample]:
    try:
        day = datetime.strptime(row["D_att_Dryad"], "%d-%b-%y")  # noqa: DTZ007 - no zone is known
    except ValueError:
        faults.add(FILE.name, line, "no date of attendance")
        return
    for minutes in MINUTES:
        systolic, diastolic = row[f"SBP_{minutes}"].strip(), row[f"DBP_{minutes}"].strip()
        if not systolic and not diastolic:
            continue
        if reason := _fault(systolic, diastolic):
            faults.add(FILE.name, line, reason)
            continue
        values = {"systolic": _mmhg(systolic), "diastolic": _mmhg(diastolic)}
        at = day + STARTS + timedelta(minutes=minutes)
        yield Sample(woman, BLOOD_PRESSURE, at, values, f"minute {minutes}")


def _fault(systolic: str, diastolic: str) -> str | None:
    if not systolic or not diastolic:
        return "one of two pressures missing"
    if not (systolic.isdecimal() and diastolic.isdecimal()):
        return "a pressure is no number"
    return "diastolic not below systolic" if int(diastolic) >= int(systolic) else None


def _mmhg(text: str) -> Amount:
    return Amount(Decimal(text), MMHG)
