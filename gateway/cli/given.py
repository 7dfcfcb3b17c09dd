"""What people type, checked before anything is done with it."""

import getpass
import unicodedata
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from pydantic import TypeAdapter, ValidationError

from device_profiles.wire.hub_file import Address
from gateway.errors import WrongInput

ADDRESS: Final = TypeAdapter(Address)
# Control characters, which would speak to the terminal, and octets that are no UTF-8.
NO_TEXT: Final = ("Cc", "Cs")


def name(text: str) -> str:
    """Return a name as it is stored."""
    if any(unicodedata.category(character) in NO_TEXT for character in text):
        raise WrongInput("A name is text in UTF-8, without control characters.")
    if not text.strip():
        raise WrongInput("A name has at least one letter.")
    return text.strip()


def who(text: str) -> str:
    """Return who acts: who is named, or who is signed in here."""
    try:
        return name(text or getpass.getuser())
    except (KeyError, OSError):
        raise WrongInput("This system has no name for you; say who it is with --by.") from None


def somebody() -> str:
    """Return who is signed in here, for the audit of commands that do not ask."""
    try:
        return who("")
    except WrongInput:
        return "somebody"


@cache
def zones() -> frozenset[str]:
    """Return the names of all time zones; to look for them reads hundreds of files."""
    return frozenset(available_timezones())


def zone(text: str) -> str:
    """Return the name of a time zone."""
    if text not in zones():
        raise WrongInput(f"No time zone {text!r}; an example is Europe/Vienna.")
    return ZoneInfo(text).key


def address(text: str) -> str:
    """Return a Bluetooth address as hub.toml has it. A wrong one is not quoted."""
    try:
        return ADDRESS.validate_python(text.strip().upper())
    except ValidationError:
        raise WrongInput("A Bluetooth address looks like C0:FF:EE:00:00:01.") from None
