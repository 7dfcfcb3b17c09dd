"""What a finding says to a person."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from alerting.findings import SHOWN, explain, shown
from device_profiles.reading import Validity
from tests.unit.alerting.make import PACK, episodes, observe, series

VIENNA = ZoneInfo("Europe/Vienna")  # an hour ahead of UTC in November


def sentence(component: str, what: str, unit: str | None = None, **more: object) -> str:
    one = observe(component, what, unit=unit, **more)  # type: ignore[arg-type]
    found = [e for rule in PACK.values() for e in episodes(rule, [one])]
    return explain(found, VIENNA).sentence


def test_a_number_beyond_a_bound() -> None:
    assert sentence("systolic", "184") == "Systolic 184 mmHg at 13:00 is at or above 180."
    assert sentence("diastolic", "59") == "Diastolic 59 mmHg at 13:00 is below 60."
    assert sentence("glucose", "2.9", "mmol/L") == "Glucose 2.9 mmol/L at 13:00 is below 3.0."
    assert sentence("glucose", "251") == "Glucose 251 mg/dL at 13:00 is above 250."
    assert sentence("spo2", "92") == "SpO2 92 % at 13:00 is at or below 92."
    assert sentence("pulse", "131") == "Pulse 131 beats/min at 13:00 is at or above 131."


def test_no_number() -> None:
    assert sentence("glucose", "LO") == "Glucose LO at 13:00 is below the meter's range."
    assert sentence("glucose", "HI") == "Glucose HI at 13:00 is above the meter's range."


def test_a_questionable_reading_says_so() -> None:
    said = sentence("systolic", "184", validity=Validity.QUESTIONABLE)
    assert said == (
        "Systolic 184 mmHg (questionable, to be measured again) at 13:00 is at or above 180."
    )


def test_another_day_is_named() -> None:
    said = sentence("glucose", "50", stored_after=timedelta(hours=12))
    assert said == "Glucose 50 mg/dL at 13:00 on 2026-11-18 is below 54."


def test_the_worst_timely_reading_speaks_and_everything_is_there_to_check() -> None:
    chart = series("glucose", "65 52 51 66")
    finding = explain(episodes(PACK["glucose_low"], chart), VIENNA)
    assert finding.sentence == "Glucose 51 mg/dL at 15:00 is below 54."
    assert (finding.rule_key, finding.rule_version) == ("glucose_low", 4)
    assert finding.parameters["bands"]["P2"] == {"mg/dL": "< 70", "mmol/L": "< 3.9"}
    assert [str(each.observation.number) for each in finding.evidence] == ["65", "52", "51", "66"]
    assert finding.since == chart[0].measured_at


def test_of_thousands_of_readings_the_first_the_worst_and_the_newest_are_shown() -> None:
    what = {0: "66", 50: "45"}
    chart = [observe("glucose", what.get(n, "60"), hour=n / 60, n=n + 1) for n in range(150)]
    finding = explain(episodes(PACK["glucose_low"], chart), VIENNA)
    assert finding.readings == 150
    kept = [each.observation for each in finding.evidence]
    assert kept == [chart[0], chart[50], *chart[-SHOWN:]]
    assert finding.sentence.startswith("Glucose 45 mg/dL ")


def test_few_readings_are_all_shown() -> None:
    for many in range(SHOWN + 1):
        assert shown(range(many), lambda n: (False, str(n))) == tuple(range(many))


def test_a_late_reading_does_not_speak_where_a_timely_one_can() -> None:
    late = observe("glucose", "40", received_after=timedelta(days=3))
    timely = observe("glucose", "66", hour=1)
    said = explain(episodes(PACK["glucose_low"], [late, timely]), VIENNA).sentence
    assert said == "Glucose 66 mg/dL at 14:00 is below 70."


def test_the_readers_unit_is_said_beside_the_measured_one() -> None:
    (found,) = [e for rule in PACK.values() for e in episodes(rule, [observe("glucose", "254")])]
    said = explain([found], VIENNA, {"glucose": "mmol/L", "pressure": "kPa"}).sentence
    assert said == "Glucose 254 mg/dL (14.1 mmol/L) at 13:00 is above 250."
