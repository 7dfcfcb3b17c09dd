"""From a meter's octets to bands: the counts that others derived from a public data set.

AIM-94 "Diabetes" data set, UCI Machine Learning Repository number 34, doi 10.24432/C5T59G; credit:
Michael Kahn, MD, PhD, Washington University, St. Louis, MO. Read in place where it lies beside the
repository; it is no part of the project.
"""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC
from uuid import UUID

import pytest

from alerting.model import Observation
from alerting.rules import ALWAYS, concerned, kinds
from device_profiles.codecs import glucose_reading
from device_profiles.gatt import GLUCOSE_MEASUREMENT
from device_profiles.reading import Indication, Validity
from simulators.recordings import uci_diabetes
from simulators.recordings.folders import find_recordings
from simulators.sample import Fault
from tests.unit.alerting.windowed import make

FOLDER = find_recordings()
BANDS = {
    "low": {"P1": {"mg/dL": "< 54"}, "P2": {"mg/dL": "< 70"}},
    "high": {"P1": {"mg/dL": "> 300"}, "P2": {"mg/dL": "> 250"}, "P3": {"mg/dL": "> 180"}},
}
NAMES = {
    ("low", "P1"): ("lt54",),
    ("low", "P2"): ("54_69",),
    ("high", "P1"): ("gt250", "gt300"),
    ("high", "P2"): ("gt250",),
    ("high", "P3"): ("181_250",),
}
COUNTED = ("glucose_values", "lt54", "54_69", "70_180", "181_250", "gt250", "gt300")
MOST_SIGNIFICANT = 0xB000  # the exponent -5: kg/L times 100000 are mg/dL


def observation(n: int, record: uci_diabetes.Record) -> Observation:
    """Let a meter tell it (Glucose Service 1.0.1, 3.1), and read what it says."""
    beyond = {"HI": 1 << 5, "LO": 1 << 6}.get(str(record.value), 0)
    number = 0 if beyond else int(record.value)
    moment = record.at.year.to_bytes(2, "little") + bytes(record.at.timetuple()[1:6])
    octets = b"\x0a" + (n % 65536).to_bytes(2, "little") + moment
    octets += (MOST_SIGNIFICANT | number).to_bytes(2, "little") + b"\x11"
    octets += beyond.to_bytes(2, "little")
    (reading,) = glucose_reading.readings((Indication(uuid=GLUCOSE_MEASUREMENT, octets=octets),))
    (value,) = reading.values
    at = record.at.replace(tzinfo=UTC)
    return Observation(
        reading_id=UUID(int=n),
        measured_at=at,
        received_at=at,
        stored_at=at,
        component=value.name,
        unit=value.unit,
        validity=reading.validity,
        number=value.number,
        absent=value.absent,
        flags=frozenset(reading.flags),
    )


def bands(chart: list[Observation]) -> Iterator[str]:
    """Name the bands of every number; what was not judged, or judged good, is in no band."""
    for direction, of in BANDS.items():
        clear = {"margin": {"mg/dL": 10}}
        rule = make("threshold", component="glucose", direction=direction, bands=of, clear=clear)
        for judged in kinds()["threshold"].judge(rule, concerned(("glucose",), chart), ALWAYS):
            if judged.fired and judged.observation.number is not None:
                yield from NAMES[direction, judged.fired]


def counts(chart: list[Observation]) -> dict[str, int]:
    """Count as expected_counts.json does: a 0 is a value there and below 54; HI and LO are none."""
    found = Counter(bands(chart))
    zeros = sum(each.validity is Validity.INVALID for each in chart)
    assert all(each.number == 0 for each in chart if each.validity is Validity.INVALID)
    found["lt54"] += zeros
    found["glucose_values"] = sum(each.number is not None for each in chart)
    beyond = sum(found[name] for name in ("lt54", "54_69", "181_250", "gt250"))
    found["70_180"] = found["glucose_values"] - beyond
    absent = Counter(str(each.absent) for each in chart if each.number is None)
    told = {name: found[name] for name in COUNTED}
    return told | {"unparseable_hi": absent["HI"], "unparseable_lo": absent["LO"]}


@pytest.mark.skipif(FOLDER is None, reason="the public recordings are not here")
def test_bands_and_validity_give_the_counts_of_the_data_set() -> None:
    assert FOLDER is not None
    expected = json.loads((FOLDER / uci_diabetes.FOLDER / "expected_counts.json").read_text())
    charts: dict[str, list[Observation]] = {}
    for n, (file, record) in enumerate(uci_diabetes.records(FOLDER)):
        if not isinstance(record, Fault) and record.code in uci_diabetes.CODES:
            charts.setdefault(file, []).append(observation(n, record))
    told = {file: counts(chart) for file, chart in charts.items()}
    assert told == {
        file: {name: each[name] for name in told[file]}
        for file, each in expected["per_file"].items()
    }
    total = counts([each for chart in charts.values() for each in chart])
    assert total == {name: expected["total"][name] for name in total}
