"""The readers of public recordings, against counts that others derived from the same files."""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from simulators.recordings import bidmc, bp_preg, uci_diabetes, weight_krone
from simulators.recordings.folders import find_recordings
from simulators.sample import Fault, Faults

FOLDER = find_recordings()
needs_data = pytest.mark.skipif(FOLDER is None, reason="the public recordings are not here")


def folder() -> Path:
    assert FOLDER is not None
    return FOLDER


def test_an_explicit_folder_wins(tmp_path: Path) -> None:
    assert find_recordings(tmp_path) == tmp_path
    assert find_recordings(tmp_path / "absent") is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("04-21-1991\t9:09\t58", "not four fields"),
        ("06-31-1991\t07:50\t58\t100", "not a real date"),
        ("04-21-1991\t24:00\t58\t100", "not a real date"),
        ("21.04.1991\t9:09\t58\t100", "no date and time"),
        ("04-21-1991\t9:09\tx\t100", "the code is no integer"),
        ("04-21-1991\t9:09\t58\t1O0", "the value is no number"),
    ],
)
def test_a_broken_line_says_why(line: str, reason: str) -> None:
    with pytest.raises(uci_diabetes.Unparseable, match=reason):
        uci_diabetes.parse(line)


def test_hi_and_lo_are_results() -> None:
    assert uci_diabetes.parse("04-21-1991\t9:09\t58\t0Hi").value == "HI"
    assert uci_diabetes.parse("04-21-1991\t9:09\t 58 \t 0Lo").value == "LO"


def counts(records: list[uci_diabetes.Record | Fault]) -> dict[str, object]:
    """Count as expected_counts.json does: there, Hi and Lo are unparseable."""
    parsed = [one for one in records if isinstance(one, uci_diabetes.Record)]
    beyond = Counter(one.value for one in parsed if isinstance(one.value, str))
    numbers = [(one.code, one.value) for one in parsed if isinstance(one.value, Decimal)]
    glucose = [value for code, value in numbers if code in uci_diabetes.CODES]
    bands = Counter(band(value) for value in glucose)
    return {
        "lines": len(records),
        "records_parsed": len(numbers),
        "unparseable_lines": len(records) - len(numbers),
        "unparseable_hi": beyond["HI"],
        "unparseable_lo": beyond["LO"],
        "glucose_values": len(glucose),
        **{name: bands[name] for name in ("lt54", "54_69", "70_180", "181_250", "gt250")},
        "gt300": sum(value > 300 for value in glucose),
        "other_records": len(numbers) - len(glucose),
        "hypo_symptom_records": sum(
            code == uci_diabetes.HYPOGLYCAEMIC_SYMPTOMS for code, _ in numbers
        ),
        "glucose_min": float(min(glucose)),
        "glucose_max": float(max(glucose)),
    }


def band(value: Decimal) -> str:
    limits = ((54, "lt54"), (70, "54_69"))
    for limit, name in limits:
        if value < limit:
            return name
    return "70_180" if value <= 180 else "181_250" if value <= 250 else "gt250"


@needs_data
def test_glucose_counts_are_those_of_the_data_set() -> None:
    expected = json.loads((folder() / "uci-diabetes" / "expected_counts.json").read_text())
    by_file: dict[str, list[uci_diabetes.Record | Fault]] = {}
    for file, record in uci_diabetes.records(folder()):
        by_file.setdefault(file, []).append(record)
    for told in expected["per_file"].values():
        told.pop("unparseable_line_numbers")
    assert {file: counts(found) for file, found in by_file.items()} == expected["per_file"]
    everything = [record for found in by_file.values() for record in found]
    assert {**counts(everything), "files": len(by_file)} == expected["total"]


@needs_data
def test_glucose_samples_keep_hi_and_lo_and_report_the_rest() -> None:
    faults = Faults()
    samples = list(uci_diabetes.read(folder(), faults))
    numbers = [sample.values["glucose"].number for sample in samples]
    assert len(samples) == 6056 + 7
    assert Counter(number for number in numbers if isinstance(number, str)) == {"HI": 6, "LO": 1}
    assert len(faults.found) == 80 - 7
    assert [sample.subject for sample in samples if sample.note == "a value of 0"] == ["uci-09"]


@needs_data
def test_pressure_counts_are_those_of_the_data_set() -> None:
    faults = Faults()
    samples = list(bp_preg.read(folder(), faults))
    assert faults.by_reason() == {
        "one of two pressures missing": 2,
        "diastolic not below systolic": 2,
    }
    assert len(samples) == 1764 - 2
    pairs = [(s.values["systolic"].number, s.values["diastolic"].number) for s in samples]
    high = [p for p in pairs if Decimal(p[0]) >= 140 or Decimal(p[1]) >= 90]
    very = [p for p in pairs if Decimal(p[0]) >= 160 or Decimal(p[1]) >= 110]
    assert (len(high), len(very)) == (713, 12)
    assert 105 <= len({sample.subject for sample in samples}) <= 106


@needs_data
def test_oxygen_counts_are_those_of_the_data_set() -> None:
    faults = Faults()
    samples = list(bidmc.read(folder(), faults))
    assert len(samples) + len(faults.found) == 9620
    without_spo2 = Counter(f.file[6:8] for f in faults.found if "SpO2" in f.reason)
    assert without_spo2 == {"01": 13, "05": 6, "19": 102}
    assert min(Decimal(sample.values["spo2"].number) for sample in samples) >= 92


@needs_data
def test_weight_counts_are_those_of_the_data_set() -> None:
    faults = Faults()
    samples = list(weight_krone.read(folder(), faults))
    weights = [Decimal(sample.values["weight"].number) for sample in samples]
    assert (len(samples), len(faults.found)) == (378 - 55, 55)
    assert (min(weights), max(weights)) == (Decimal("60.75"), Decimal("95.6"))
    assert len({sample.subject for sample in samples}) == 6
