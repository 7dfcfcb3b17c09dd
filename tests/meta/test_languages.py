"""Every text has a translation that takes the same values."""

from string import Formatter

import pytest

from alerting.languages import ENGLISH, FOLDER, languages, read, translator
from alerting.languages.collect import missing, updated

OTHERS = [language for language in languages() if language != ENGLISH]


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_left_to_translate(language: str) -> None:
    assert missing(language) == [], "make messages, then fill in the catalogue"


@pytest.mark.parametrize("language", OTHERS)
def test_the_catalogue_holds_the_texts_of_today(language: str) -> None:
    assert (FOLDER / f"{language}.po").read_bytes() == updated(language), "make messages"


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_takes_the_same_values(language: str) -> None:
    for message in read(language):
        assert _names(str(message.id)) == _names(str(message.string)), message.id


def test_a_region_speaks_its_language_and_an_unknown_one_english() -> None:
    assert translator("es-MX")("Glucose low") == "Glucosa baja"
    assert translator("xx")("Glucose low") == "Glucose low"
