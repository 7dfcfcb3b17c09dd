"""Lint names what is wrong with a pack, by file, line and rule."""

from pathlib import Path

import pytest

from alerting.packs.lint import lint_pack
from alerting.packs.loader import FOLDER
from tests.unit.alerting.test_packs import GOOD, write

BOTH = GOOD.replace('{mg/dL: "< 54"}', '{mg/dL: "< 54", mmol/L: "< 3.0"}').replace(
    "{mg/dL: 10}", "{mg/dL: 10, mmol/L: 0.6}"
)
HIGH = (
    BOTH.split("rules:\n")[1]
    .replace("glucose_low", "glucose_high")
    .replace("Glucose low", "Glucose high")
    .replace("direction: low", "direction: high")
    .replace("< 54", "> 300")
    .replace("< 3.0", "> 16.7")
)
CLEAN = BOTH + HIGH


def findings(folder: Path, text: str) -> list[tuple[int, str, str, str]]:
    path = write(folder, text)
    found = lint_pack(path)
    assert all(str(each).startswith(f"{path}:{each.line}: {each.level}: ") for each in found)
    return [(each.line, each.level, each.rule, each.text) for each in found]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.name)
def test_packs_that_ship_have_nothing_to_mend(path: Path) -> None:
    assert [str(each) for each in lint_pack(path) if each.level != "note"] == []


def test_a_clean_pack_has_no_finding(tmp_path: Path) -> None:
    assert findings(tmp_path, CLEAN) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "level", "text"),
    [
        ("< 3.0", "< 3.3", 11, "error", "54 mg/dL is 3.00 mmol/L, not 3.3"),
        ("> 16.7", "> 300", 22, "error", "300 mg/dL is 16.65 mmol/L, not 300"),
        ("mmol/L: 0.6", "mmol/L: 6", 12, "error", "margin 10 mg/dL is 0.55 mmol/L, not 6"),
        ("< 3.0", "<= 3.0", 11, "note", "< in mg/dL but <= in mmol/L"),
        ("component: glucose", "component: glucos", 8, "error", "did you mean 'glucose'?"),
        ('"> 300"', '"> 40"', 21, "error", "a value between fires both (mg/dL)"),
        ('"< 54"', '"< 9"', 11, "error", "never reached: glucose is 10 to 700 mg/dL"),
        ("{mg/dL: 10,", "{mg/dL: 800,", 12, "error", "no reading ends it"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, level: str, text: str
) -> None:
    assert old in CLEAN
    found = findings(tmp_path, CLEAN.replace(old, new, 1))
    assert any((f[0], f[1]) == (line, level) and text in f[3] for f in found), found


def test_two_rules_of_one_side_overlap(tmp_path: Path) -> None:
    again = HIGH.replace("glucose_high", "again").replace("Glucose high", "Again")
    (found,) = findings(tmp_path, CLEAN + again)
    assert found[1:3] == ("warning", "again")
    assert "overlaps glucose_high (line 14): one reading opens a task for each" in found[3]


def test_a_side_that_nobody_watches_is_a_gap(tmp_path: Path) -> None:
    assert findings(tmp_path, BOTH) == [
        (3, "note", "glucose_low", "gap: no rule of this pack watches a glucose that is too high")
    ]


def test_a_band_that_a_worse_one_covers_is_never_reached(tmp_path: Path) -> None:
    text = CLEAN.replace(
        '      P1: {mg/dL: "< 54", mmol/L: "< 3.0"}\n',
        '      P1: {mg/dL: "< 54", mmol/L: "< 3.0"}\n      P2: {mg/dL: "< 54", mmol/L: "< 3.0"}\n',
    )
    found = [each for each in findings(tmp_path, text) if each[1] == "error"]
    assert [line for line, _, _, _ in found] == [12, 12]
    assert "P2 is never reached: P1 begins at the same limit" in found[0][3]


def test_an_hi_that_is_milder_than_a_number_has_no_effect(tmp_path: Path) -> None:
    text = CLEAN.replace("    clear:", "    beyond_range: P3\n    clear:", 1)
    ((line, level, _, said),) = findings(tmp_path, text)
    assert (line, level) == (12, "warning")
    assert said.startswith("gap: beyond_range P3 has no effect")


@pytest.mark.parametrize(
    ("bands", "length", "level", "text"),
    [
        ("P1", "P7D", "error", "this rule knows no band but P1"),
        ("P2", "PT4H", "warning", "ask_again has no effect"),
        ("P3", "P1D", "warning", "ask_again has no effect"),
        ("P2", "PT5H", None, ""),
        ("P3", "P7D", None, ""),
    ],
)
def test_a_rest_that_nothing_takes_is_found(
    tmp_path: Path, bands: str, length: str, level: str | None, text: str
) -> None:
    given = BOTH.replace("P1: {", f"{bands}: {{").replace(
        "    clear:", f"    ask_again: {length}\n    clear:"
    )
    found = [each for each in findings(tmp_path, given) if "ask_again" in each[3]]
    assert [(line, severity) for line, severity, _, _ in found] == ([(12, level)] if level else [])
    assert all(text in each[3] for each in found)


TWO_BANDS = CLEAN.replace(
    '      P1: {mg/dL: "< 54", mmol/L: "< 3.0"}\n',
    '      P1: {mg/dL: "< 54", mmol/L: "< 3.0"}\n      P2: {mg/dL: "< 70", mmol/L: "< 3.9"}\n',
)


def test_bands_that_are_called_alike_are_found(tmp_path: Path) -> None:
    ((line, level, _, said),) = findings(tmp_path, TWO_BANDS)
    assert (line, level) == (6, "warning")
    assert said == "P1 and P2 are both called 'Glucose low': name each in `titles`"
    named = TWO_BANDS.replace("    label:", "    titles: {P1: Glucose very low}\n    label:", 1)
    assert findings(tmp_path, named) == []
    assert "knows no P4" in findings(tmp_path, named.replace("{P1: ", "{P4: Low, P1: "))[0][3]


def test_what_one_reading_does_alone_is_a_band_too(tmp_path: Path) -> None:
    beyond = CLEAN.replace("    clear:", "    beyond_range: P1\n    clear:").replace(
        'P1: {mg/dL: "> 300"', 'P2: {mg/dL: "> 300"'
    )
    assert [said[3][:10] for said in findings(tmp_path, beyond)] == ["P1 and P2 "]


def test_rules_of_a_pack_that_are_called_alike_are_found(tmp_path: Path) -> None:
    ((line, level, rule, said),) = findings(
        tmp_path, CLEAN.replace("title: Glucose high", "title: Glucose low")
    )
    assert (line, level, rule) == (17, "warning", "glucose_high")
    assert said == "'Glucose low' is what glucose_low (line 3) is called, too"
