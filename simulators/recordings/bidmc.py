"""Oxygen saturation and pulse at 1 Hz: numerics of the BIDMC PPG and Respiration Dataset.

Source: PhysioNet, https://physionet.org/content/bidmc/1.0.0/, 8-minute bedside recordings of
critically ill patients, so no home devices. Credit: Pimentel MAF et al., IEEE Trans Biomed Eng
64(8):1914-1923 (doi 10.1109/TBME.2016.2613124); Goldberger AL et al., Circulation
101(23):e215-e220 (2000). There is no date: each recording is taken to start on 2000-01-01 at 00:00.
"""

import csv
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

from simulators.sample import OXYGEN, PER_MINUTE, PERCENT, Amount, Faults, Sample

FOLDER: Final = "bidmc-numerics"
START: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - no zone is known


def read(folder: Path, faults: Faults | None = None) -> Iterator[Sample]:
    """Return a sample per second; seconds without SpO2 or pulse go to `faults`."""
    noted = Faults() if faults is None else faults
    for path in sorted((folder / FOLDER).glob("bidmc_*_Numerics.csv")):
        subject = "bidmc-" + path.name.split("_")[1]
        with path.open(encoding="ascii", newline="") as file:
            header, *rows = csv.reader(file)
        names = [name.strip() for name in header]  # the header has leading blanks
        for line, cells in enumerate(rows, start=2):
            row = dict(zip(names, cells, strict=False))
            if missing := [name for name in ("SpO2", "PULSE") if _number(row, name) is None]:
                noted.add(path.name, line, f"no {' and no '.join(missing)}")
            else:
                yield _sample(subject, row)


def _sample(subject: str, row: Mapping[str, str]) -> Sample:
    values = {
        "spo2": Amount(Decimal(row["SpO2"].strip()), PERCENT),
        "pulse": Amount(Decimal(row["PULSE"].strip()), PER_MINUTE),
    }
    return Sample(subject, OXYGEN, START + timedelta(seconds=int(row["Time [s]"])), values)


def _number(row: Mapping[str, str], name: str) -> str | None:
    text = row.get(name, "").strip()
    return text if text and text != "NaN" else None
