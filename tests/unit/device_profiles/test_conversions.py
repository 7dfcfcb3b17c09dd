"""Factors by which the windows are judged; stored numbers keep the unit that they came in."""

from decimal import Decimal

from device_profiles.codecs import blood_pressure, glucose_reading, scale_reading


def test_factors_are_those_of_their_definitions() -> None:
    # The pound is 0.45359237 kg by the agreement of 1959.
    assert Decimal("0.45359237") == scale_reading.KG_PER_POUND
    # 760 mmHg are 101.325 kPa.
    assert abs(blood_pressure.MMHG_PER_KPA - Decimal(760) / Decimal("101.325")) < Decimal("0.00001")
    # Glucose has 180.156 g/mol; the clinical convention is 18.0182 mg/dL for 1 mmol/L.
    assert Decimal("18.0182") == glucose_reading.MG_DL_PER_MMOL_L
