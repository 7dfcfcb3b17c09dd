"""How people are reached: telephone numbers as people write them, languages, zones of a country."""

from functools import lru_cache
from typing import Final

import phonenumbers
from babel import Locale
from babel.core import get_global
from phonenumbers import NumberParseException, PhoneNumberFormat

# Two letters: what CLDR and browsers name (BCP 47). Signed languages and others have three.
LETTERS: Final = 2


def region_of(zone: str) -> str | None:
    """Return the country of a time zone, where its numbers need no +; None for UTC."""
    found: str | None = get_global("zone_territories").get(zone)
    return found if found and len(found) == LETTERS and found.isalpha() else None


def read_phone(text: str, zone: str) -> str:
    """Return a number in E.164. Raises ValueError where no telephone can have it."""
    try:
        number = phonenumbers.parse(text, region_of(zone))
    except NumberParseException:
        raise ValueError("no telephone number") from None
    if not phonenumbers.is_valid_number(number):
        raise ValueError("no telephone number")
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def write_phone(number: str, zone: str = "") -> str:
    """Return a number as it is written: as at home where it is of that country."""
    try:
        parsed = phonenumbers.parse(number, None)
    except NumberParseException:
        return number
    home = phonenumbers.region_code_for_number(parsed) == region_of(zone)
    form = PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(parsed, form))


@lru_cache
def language_names(reader: str) -> dict[str, str]:
    """Return the languages that a patient may speak, named in the reader's, in their order."""
    known = Locale.parse(reader).languages
    named = {code: str(name) for code, name in known.items() if len(code) == LETTERS}
    return dict(sorted(named.items(), key=lambda each: each[1].casefold()))
