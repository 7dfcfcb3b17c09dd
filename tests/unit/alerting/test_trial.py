"""Unit tests of rules as YAML: those of the packs pass, and what is wrong is said with its line."""

import json
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
import yaml

from alerting.packs.loader import FOLDER
from alerting.trial.file import SCHEMA, TrialBroken, schema_text
from alerting.trial.notation import points, span, spoken
from alerting.trial.run import run_file

SHIPPED = sorted((FOLDER / "tests").glob("*.yaml"))
GOOD = f"""\
pack: {FOLDER}/default.yaml
tests:
  - name: a hypo
    rules: [glucose_low]
    series:
      - {{component: glucose, unit: mg/dL, values: 100 66 50}}
    alerts:
      - rule: glucose_low
        at: 1h
        severity: P1
        closed: false
        sentence: is below 54
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_the_packs_that_ship_pass_their_tests(path: Path) -> None:
    assert [failure for outcome in run_file(path) for failure in outcome.failures] == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_the_schema_takes_the_tests_that_ship(path: Path) -> None:
    assert SCHEMA.read_text() == schema_text(), "rules test --schema > its file"
    jsonschema.validate(yaml.safe_load(path.read_text()), json.loads(schema_text()))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.name)
def test_every_threshold_of_a_pack_has_a_test_that_opens_it(path: Path) -> None:
    tests = path.parent / "tests" / path.name
    rules = {
        rule["key"]
        for rule in yaml.safe_load(path.read_text())["rules"]
        if rule["kind"] == "threshold"
    }
    if rules and path.name != "default.yaml" and not tests.exists():
        pytest.skip("this pack has no tests yet")
    told = yaml.safe_load(tests.read_text())["tests"] if rules else []
    assert rules <= {alert["rule"] for test in told for alert in test["alerts"]}


def test_what_is_expected_passes(tmp_path: Path) -> None:
    (outcome,) = run_file(write(tmp_path, GOOD))
    assert (outcome.name, outcome.line, outcome.failures) == ("a hypo", 3, ())


@pytest.mark.parametrize(
    ("old", "new", "line", "text"),
    [
        ("severity: P1", "severity: P2", 10, "severity is P1, expected P2"),
        ("at: 1h", "at: 2h", 8, "no alert of glucose_low at 2h; there is glucose_low at 1h, P1"),
        ("closed: false", "closed: 3h", 11, "it goes on, expected closed at 3h"),
        ("is below 54", "is above", 12, "the sentence is 'Glucose 50 mg/dL at 14:00 is below 54.'"),
        ("100 66 50", "100 100 50 100 100 50", 8, "no alert of glucose_low at 1h"),
        (
            "100 66 50",
            "100 66 50 100 100 50",
            7,
            "an alert that is not expected: glucose_low at 5h",
        ),
    ],
)
def test_what_is_not_as_expected_is_said_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, text: str
) -> None:
    path = write(tmp_path, GOOD.replace(old, new, 1))
    (outcome,) = run_file(path)
    assert any(f.startswith(f"{path}:{line}: ") and text in f for f in outcome.failures), outcome


@pytest.mark.parametrize(
    ("old", "new", "line", "text"),
    [
        ("100 66 50", "100 abc 50", 6, "'abc' is no reading"),
        ("100 66 50", "+2x3", 6, "there is no number before it"),
        ("component: glucose", "component: sugar", 6, "no device measures 'sugar'"),
        ("- rule: glucose_low", "- rule: glucose", 8, "no rule 'glucose' in"),
        ("at: 1h", "at: soon", 9, "is no length of time"),
        ("severity: P1", "severity: P7", 10, "severity: Input should be"),
        ("is below 54", '"("', 12, "this is no pattern"),
        ("default.yaml", "none.yaml", 1, "No such file"),
        ("tests:", "zone: Mars/North\ntests:", 2, "no time zone 'Mars/North'"),
        ("name: a hypo", "name: [", 5, "expected"),
        ("rules: [glucose_low]", "colour: red", 4, "colour: Extra inputs"),
    ],
)
def test_a_broken_file_says_where_and_why(
    tmp_path: Path, old: str, new: str, line: int, text: str
) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(TrialBroken) as raised:
        run_file(path)
    said = str(raised.value).splitlines()
    assert any(one.startswith(f"{path}:{line}: ") and text in one for one in said), said


def test_series_in_few_words() -> None:
    told = [
        None if point is None else f"{point[0]} {point[1]}"
        for point in points("180x2 _ +2x2 90? HI")
    ]
    assert told == [
        "180 valid",
        "180 valid",
        None,
        "182 valid",
        "184 valid",
        "90 questionable",
        "HI valid",
    ]


@pytest.mark.parametrize("text", ["1d12h", "90m", "3s", "2d", "0s"])
def test_lengths_of_time(text: str) -> None:
    assert span(spoken(span(text))) == span(text)
    assert span("1w") == timedelta(days=7)
