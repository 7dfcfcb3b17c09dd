"""Daily self-measured body weight over 63 days.

Source: supplementary file s001 of Krone T, Boessen R, Bijlsma S, van Stokkum R, Clabbers NDS,
Pasman WJ (2020), PLoS ONE 15(5):e0232680, doi 10.1371/journal.pone.0232680; as in
growthcharts/brokenstick (MIT). These people do not have heart failure. Day 0 is taken to be
2000-01-01, the time 07:00.
"""

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

from simulators.sample import KILOGRAM, WEIGHT, Amount, Faults, Sample

FILE: Final = Path("weight-krone2020") / "pone.0232680.s001.csv"
DAY_0: Final = datetime(2000, 1, 1, 7)  # noqa: DTZ001 - no zone is known


def read(folder: Path, faults: Faults | None = None) -> Iterator[Sample]:
    """Return all weights; days without one go to `faults`."""
    with (folder / FILE).open(encoding="ascii", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            if row["body_weight"] == "NA":
                if faults is not None:
                    faults.add(FILE.name, line, "no weight")
                continue
            at = DAY_0 + timedelta(days=int(row["day"]))
            weight = {"weight": Amount(Decimal(row["body_weight"]), KILOGRAM)}
            yield Sample(f"krone-{int(row['subject']):02}", WEIGHT, at, weight)
