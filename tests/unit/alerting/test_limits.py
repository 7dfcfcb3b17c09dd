"""Limits as people type them, in the units of their country."""

import pytest

from alerting.errors import OverrideError
from alerting.limits import changes
from alerting.rules.threshold import Threshold
from tests.unit.alerting.make import PACK


def banded(key: str) -> Threshold:
    rule = PACK[key]
    assert isinstance(rule, Threshold)
    return rule


@pytest.mark.parametrize(
    ("key", "typed", "bands"),
    [
        ("glucose_low", "P1 < 3.2 mmol/L", {"mg/dL": "< 58", "mmol/L": "< 3.2"}),
        ("glucose_low", "P1<60 mg/dL", {"mg/dL": "< 60", "mmol/L": "< 3.3"}),
        ("systolic_high", "P2 >= 170 mmHg", {"mm[Hg]": ">= 170", "kPa": ">= 22.7"}),
        ("systolic_high", "P2 >= 22 kPa", {"mm[Hg]": ">= 165", "kPa": ">= 22"}),
    ],
)
def test_the_other_units_follow(key: str, typed: str, bands: dict[str, str]) -> None:
    assert changes(banded(key), [typed])["bands"][typed[:2]] == bands


def test_other_bands_stay() -> None:
    found = changes(banded("glucose_low"), ["P1 < 50 mg/dL"])["bands"]
    assert found["P2"] == {"mg/dL": "< 70", "mmol/L": "< 3.9"}


@pytest.mark.parametrize(
    ("typed", "said"),
    [("80", "written like"), ("P1 < 3 kg", "kg is no unit of it"), ("P9 < 3 mg/dL", "written")],
)
def test_what_is_no_limit_is_refused(typed: str, said: str) -> None:
    with pytest.raises(OverrideError, match=said):
        changes(banded("glucose_low"), [typed])
