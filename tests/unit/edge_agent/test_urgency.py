"""Which readings leave the hub first."""

from decimal import Decimal

import pytest

from device_profiles.codes import (
    DIASTOLIC,
    GLUCOSE_CAPILLARY_BLOOD,
    GLUCOSE_CONTROL,
    KPA,
    MG_DL,
    MMHG,
    MMOL_L,
    PER_MINUTE,
    PERCENT,
    PULSE_CUFF,
    PULSE_OXIMETER,
    SPO2,
    SYSTOLIC,
    Term,
)
from device_profiles.reading import Absent, Indication, Kind, Reading, Validity, Value
from device_profiles.wire.v1 import Class
from edge_agent.core.urgency import class_of


def reading(*values: Value) -> Reading:
    octets = (Indication(uuid="x", octets=b""),)
    return Reading(kind=Kind.GLUCOSE, values=values, validity=Validity.VALID, octets=octets)


@pytest.mark.parametrize(
    ("term", "unit", "number", "alert"),
    [
        (SYSTOLIC, MMHG, "180", True),
        (SYSTOLIC, MMHG, "179.9", False),
        (SYSTOLIC, MMHG, "90", False),
        (SYSTOLIC, MMHG, "89", True),
        (SYSTOLIC, KPA, "24.0", True),
        (SYSTOLIC, KPA, "16.0", False),
        (DIASTOLIC, MMHG, "120", True),
        (DIASTOLIC, MMHG, "119", False),
        (DIASTOLIC, MMHG, "60", False),
        (DIASTOLIC, MMHG, "59", True),
        (GLUCOSE_CAPILLARY_BLOOD, MG_DL, "53", True),
        (GLUCOSE_CAPILLARY_BLOOD, MG_DL, "54", False),
        (GLUCOSE_CAPILLARY_BLOOD, MG_DL, "300", False),
        (GLUCOSE_CAPILLARY_BLOOD, MG_DL, "301", True),
        (GLUCOSE_CAPILLARY_BLOOD, MMOL_L, "2.9", True),
        (GLUCOSE_CAPILLARY_BLOOD, MMOL_L, "3.0", False),
        (GLUCOSE_CAPILLARY_BLOOD, MMOL_L, "16.7", False),
        (GLUCOSE_CAPILLARY_BLOOD, MMOL_L, "16.8", True),
        (GLUCOSE_CONTROL, MG_DL, "40", False),
        (SPO2, PERCENT, "92", True),
        (SPO2, PERCENT, "93", False),
        (PULSE_CUFF, PER_MINUTE, "40", True),
        (PULSE_CUFF, PER_MINUTE, "41", False),
        (PULSE_OXIMETER, PER_MINUTE, "130", False),
        (PULSE_OXIMETER, PER_MINUTE, "131", True),
        (SYSTOLIC, "unknown", "500", False),
    ],
)
def test_severe_values_are_alerts(term: Term, unit: str, number: str, alert: bool) -> None:
    value = Value(mdc=term.mdc, unit=unit, number=Decimal(number))
    assert class_of(reading(value)) is (Class.ALERT if alert else Class.ROUTINE)


@pytest.mark.parametrize("absent", list(Absent))
def test_off_the_scale_is_an_alert_and_no_value_is_not(absent: Absent) -> None:
    glucose = Value(mdc=GLUCOSE_CAPILLARY_BLOOD.mdc, unit=MG_DL, absent=absent)
    pressure = Value(mdc=SYSTOLIC.mdc, unit=MMHG, absent=absent)
    off_scale = absent.value in {"HI", "LO", "+INF", "-INF"}
    assert class_of(reading(glucose)) is (Class.ALERT if off_scale else Class.ROUTINE)
    assert class_of(reading(pressure)) is Class.ROUTINE


def test_one_severe_value_is_enough() -> None:
    calm = Value(mdc=SYSTOLIC.mdc, unit=MMHG, number=Decimal(120))
    slow = Value(mdc=PULSE_CUFF.mdc, unit=PER_MINUTE, number=Decimal(30))
    assert class_of(reading(calm, slow)) is Class.ALERT
    assert class_of(reading()) is Class.ROUTINE
