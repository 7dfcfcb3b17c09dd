"""Sentences that are stored in English are read in Spanish, all of them or not at all."""

import pytest

from alerting.languages.filled import filled


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        (
            "Systolic 184 mmHg at 08:12 is at or above 180.",
            "Sistólica: 184 mmHg a las 08:12 es igual o superior a 180.",
        ),
        (
            (
                "Systolic 149 mmHg at 08:01 on 2026-11-20 brings the mean of 24 readings on "
                "6 days to 142 mmHg, at or above 135."
            ),
            (
                "Sistólica: 149 mmHg a las 08:01 del 2026-11-20 lleva la media de 24 lecturas en 6 "
                "días a 142 mmHg, igual o superior a 135."
            ),
        ),
        (
            (
                "Systolic 92 mmHg (questionable, to be measured again) at 08:12 is below 100, as 3 "
                "of the last 4 readings are."
            ),
            (
                "Sistólica: 92 mmHg (dudosa, hay que medir de nuevo) a las 08:12 es inferior a "
                "100, como 3 de las últimas 4 lecturas."
            ),
        ),
        ("Nothing measured: blood pressure", "Nada medido: presión arterial"),
        ("Glucose low", "Glucosa baja"),
    ],
)
def test_a_stored_sentence_is_read_in_spanish(stored: str, read: str) -> None:
    assert filled(stored, "es") == read
    assert filled(stored, "en") == stored


@pytest.mark.parametrize(
    "stored",
    [
        "Systolic 184 mmHg at 08:12 is at or above what Mrs Smith wanted.",
        "Call her at 10:30, after the physiotherapy.",
        "Glucose 50 mg/dL at 09:36 is strange.",
        "",
    ],
)
def test_what_is_not_known_is_not_translated_in_part(stored: str) -> None:
    assert filled(stored, "es") == stored
