"""docs/virtual-patients.md is what the comparison says; the figures it stands on are right."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from simulators.cli import app
from simulators.patients import figures, page
from simulators.patients.cohort import Cohort
from simulators.patients.compare import Comparison, Group, Row, told
from simulators.patients.figures import Series
from simulators.patients.recorded import comparisons
from simulators.recordings.folders import REPOSITORY, find_recordings
from simulators.sample import WEIGHT

PAGE = REPOSITORY / "docs" / "virtual-patients.md"
FOLDER = find_recordings()
START = datetime.fromisoformat("2026-03-02T07:00:00")


def of(*people: list[float], apart: timedelta = timedelta(days=1)) -> Series:
    return Series(
        {
            f"p{n}": [(START + apart * number, value) for number, value in enumerate(values)]
            for n, values in enumerate(people)
        }
    )


@pytest.mark.skipif(FOLDER is None, reason="the public recordings are not here")
def test_the_page_is_what_the_comparison_says() -> None:
    assert FOLDER is not None
    assert PAGE.read_text(encoding="utf-8") == page.text(comparisons(FOLDER)), (
        "run: hearthline-sim cohort --recordings DIR"
    )


def test_the_page_has_its_form() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert "nan" not in text.split()
    pictures = re.findall(r"\]\((pictures/[^)]+)\)", text)
    assert len(pictures) == 5
    for picture in pictures:
        assert 5_000 < (PAGE.parent / picture).stat().st_size < 200_000
    sections = text.split("\n## ")[2:6]
    for section in sections:
        for words in (
            "Recording: ",
            "Cohort: ",
            "| SD within a person |",
            "**Figures that agree**",
        ):
            assert words in section
        assert "**What differs, and why**" in section or "**No figure differs**" in section
    assert "no reason is known" not in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in rows)


def test_spreads_within_and_between_people() -> None:
    both = of([1, 2, 3], [11, 12, 13])
    assert figures.within(both) == pytest.approx(1.0)
    assert figures.between(both) == pytest.approx(np.sqrt(50))


def test_lag_1_of_a_rise_is_high_and_of_a_zigzag_low() -> None:
    assert figures.lag_1(of([float(n) for n in range(100)])) > 0.9
    assert figures.lag_1(of([float(n % 2) for n in range(100)])) < -0.9


def test_changes_need_both_days() -> None:
    series = of([70.0, 71.0, 69.5])
    assert figures.changes(series).tolist() == [1.0, -1.5]
    assert figures.changes(series, 2).tolist() == [-0.5]
    assert figures.slopes_per_week(of([70.0, 71.0, 72.0])).tolist() == pytest.approx([7.0])


def test_the_first_of_a_sitting_against_the_third_and_later() -> None:
    series = of([10.0, 5.0, 4.0, 2.0], apart=timedelta(minutes=30))
    assert figures.first_minus_later(series, timedelta(minutes=40)) == 7.0
    assert len(figures.sittings(series, timedelta(minutes=20))) == 4


def test_the_kolmogorov_smirnov_distance() -> None:
    one, other = np.arange(10.0), np.arange(10.0)
    assert figures.kolmogorov_smirnov(one, other) == 0
    assert figures.kolmogorov_smirnov(one, other + 100) == 1
    assert figures.kolmogorov_smirnov(one, other + 5) == pytest.approx(0.5)


def test_what_differs_is_said_with_its_reason() -> None:
    more = [Row("share", (10.0, 30.0), 3.0, 0), Row("told only", (1.0, 9.0))]
    same = of([70.0] * 9 + [71.0], [60.0] * 9 + [61.0])
    group = Group("weight", "kg", same, same, 1, more)
    rest = ("key", "title", "credit", "cohort", "fitted", [group])
    (said,) = Comparison(*rest, {"weight: share": "they are others"}).differing()
    assert said == "weight: share 30 (20 above the recording). They are others."
    (unknown,) = Comparison(*rest).differing()
    assert "no reason is known" in unknown.lower()


def test_no_minus_before_nothing() -> None:
    assert (told(-0.01, 1), told(-0.06, 1), told(12.34, 0)) == ("0.0", "-0.1", "12")


def test_a_cohort_is_the_same_each_time_and_names_nobody_twice() -> None:
    cohort = Cohort("healthy", WEIGHT, 3, 4, 1.0)
    assert cohort.samples() == cohort.samples()
    assert len({one.subject for one in cohort.samples()}) == 3
    assert str(cohort) == "3 people, healthy, 4 days, adherence 100%"


def test_wrong_folders_are_exit_2(tmp_path: Path) -> None:
    for arguments in (
        ["--recordings", tmp_path / "absent"],
        ["--recordings", tmp_path],
        ["--recordings", tmp_path, "--out", tmp_path / "absent" / "page.md"],
    ):
        done = CliRunner().invoke(app, ["cohort", *map(str, arguments)])
        assert done.exit_code == 2
        assert "Traceback" not in done.output
