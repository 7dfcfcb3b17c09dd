"""Texts in other languages: catalogues in gettext's form, keyed by the English template."""

from functools import cache
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from alerting.words import Translate, in_english

FOLDER: Final = Path(__file__).parent
ENGLISH: Final = "en"


@cache
def languages() -> tuple[str, ...]:
    """Return the languages that texts are shipped in."""
    return (ENGLISH, *sorted(path.stem for path in FOLDER.glob("*.po")))


def translator(language: str) -> Translate:
    """Return what translates into a language, given as `es` or `es-MX`; else it is English."""
    base = language.replace("_", "-").split("-")[0].lower()
    return _translator(base) if base in languages() else in_english


@cache
def _translator(language: str) -> Translate:
    if language == ENGLISH:
        return in_english
    known = {str(message.id): str(message.string) for message in read(language) if message.string}
    return lambda template: known.get(template, template)


def read(language: str) -> Catalog:
    """Return a language's catalogue."""
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)
