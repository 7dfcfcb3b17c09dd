"""Rule packs: all that ship load and name their source; a broken one gives one clear line."""

from pathlib import Path

import pytest

from alerting.errors import PackError
from alerting.packs.loader import DEFAULT, FOLDER, lint, load_pack, load_packs
from alerting.rules import kinds

GOOD = """\
pack: mine
rules:
  - key: glucose_low
    version: 1
    kind: threshold
    title: Glucose low
    label: Glucose
    component: glucose
    direction: low
    bands:
      P1: {mg/dL: "< 54"}
    clear: {margin: {mg/dL: 10}}
    source: ADA Standards of Care, table 6.2
"""


def write(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.name)
def test_packs_that_ship_are_clean(path: Path) -> None:
    rules = load_pack(path)
    assert rules
    assert all(len(rule.source) > 10 for rule in rules)
    assert lint(path) == ()


def test_the_default_pack_covers_what_the_three_devices_measure() -> None:
    covered = {(rule.components[0], rule.direction) for rule in load_pack(DEFAULT)}
    assert covered == {
        *[
            (name, side)
            for name in ("systolic", "diastolic", "glucose", "pulse")
            for side in ("high", "low")
        ],
        ("spo2", "low"),
    }


def test_kinds_are_found_by_walking() -> None:
    folder = Path(__file__).parents[3] / "alerting" / "rules"
    assert set(kinds()) == {path.stem for path in folder.glob("[a-z]*.py")}


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ('"< 54"', '"54"', 11, 'a bound is a sign and a number, as in "< 54"'),
        ('"< 54"', '"> 54"', 3, "points the other way"),
        ("version: 1", "version: 0", 4, "version: Input should be greater than or equal to 1"),
        ("version: 1", "version: 1\n    colour: red", 5, "colour: Extra inputs"),
        ("    source: ADA Standards of Care, table 6.2\n", "", 3, "source: Field required"),
        ("kind: threshold", "kind: tarot", 5, "a rule has a kind, one of: "),
        ("    kind: threshold\n", "", 3, "a rule has a kind"),
        ("title: Glucose low", "title: [", 8, "expected"),
        ("title: Glucose low", "title: Low\n    title: Lower", 7, "title is given twice"),
        ("rules:", "regeln:", 1, "the keys `pack` and `rules`"),
        ("pack: mine\n", "pack: mine\nauthor: me\n", 2, "author: Extra inputs"),
        ("version: 1", "version: 1\n    adjusted: by me", 5, "adjusted: not in a rule of a pack"),
        ("direction: low", "direction: down", 9, "direction: Input should be"),
    ],
)
def test_a_broken_pack_says_where_and_why(
    tmp_path: Path, old: str, new: str, line: int, reason: str
) -> None:
    load_pack(write(tmp_path, GOOD))
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(PackError) as raised:
        load_pack(path)
    assert (raised.value.path, raised.value.line) == (path, line)
    assert reason in raised.value.reason
    assert str(raised.value).startswith(f"{path}:{line}: ")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "the file is empty"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"- a\n- b\n", "the keys `pack` and `rules`"),
        (b"pack: a\nrules: 3\n", "`rules` is a list"),
        (b"pack: a\nrules: [3]\n", "a rule has a kind"),
        (b"pack: !!python/object:os.system x\nrules: []\n", "could not determine a constructor"),
        (b"pack: a\x00b", "not YAML"),
    ],
)
def test_any_file_gives_a_pack_error(tmp_path: Path, octets: bytes, reason: str) -> None:
    path = tmp_path / "odd.yaml"
    path.write_bytes(octets)
    with pytest.raises(PackError, match=reason):
        load_pack(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="No such file"):
        load_pack(tmp_path / "none.yaml")


def test_a_rule_is_said_once(tmp_path: Path) -> None:
    rule = GOOD.split("rules:\n")[1]
    with pytest.raises(PackError, match="glucose_low is here twice") as raised:
        load_pack(write(tmp_path, GOOD + rule))
    assert raised.value.line == 14
    write(tmp_path, GOOD)
    write(tmp_path, GOOD, "other.yaml")
    with pytest.raises(PackError, match="another pack"):
        load_packs(tmp_path)


def test_lint_names_units_that_devices_send(tmp_path: Path) -> None:
    assert lint(write(tmp_path, GOOD)) == ("glucose_low: no bound in mmol/L",)
    odd = GOOD.replace("component: glucose", "component: mood")
    assert lint(write(tmp_path, odd)) == ("glucose_low: no device measures 'mood'",)
