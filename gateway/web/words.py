"""What a page says, in the reader's language: texts, numbers with units, times in a zone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import phonenumbers
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from alerting.languages import translator
from alerting.units import written
from alerting.words import Said

NOTHING = "–"  # noqa: RUF001 - a dash: there is no value


@dataclass(frozen=True, slots=True)
class Words:
    """Everything a template says goes through one of these."""

    language: str

    @property
    def locale(self) -> Locale:
        """Return how numbers and dates are written."""
        return Locale.parse(self.language)

    def say(self, template: str, **values: object) -> Markup:
        """Translate, then fill in; values are escaped unless they are markup already."""
        said: Markup = escape(translator(self.language)(template))
        return said.format(**values) if values else said

    def count(self, one: str, many: str, n: int, **values: object) -> Markup:
        """Say it of one thing or of `n`."""
        return self.say(one if n == 1 else many, n=self.number(n), **values)

    def told(self, said: Said) -> Markup:
        """Say what a check or a move has said."""
        return escape(said.text(translator(self.language)))

    def number(self, value: Decimal | float | None, digits: int | None = None) -> str:
        """Write a number; of a Decimal all its digits, so that 7.0 stays 7.0."""
        if value is None:
            return NOTHING
        if digits is None and isinstance(value, Decimal):
            digits = max(0, -int(value.as_tuple().exponent))
        shape = "#,##0." + "0" * digits if digits else "#,##0" if digits == 0 else None
        return str(format_decimal(value, format=shape, locale=self.locale))

    def value(self, value: Decimal | float | None, unit: str, digits: int | None = None) -> Markup:
        """Write a number with its unit."""
        if value is None:
            return Markup('<span class="nothing">{}</span>').format(NOTHING)
        shown = self.number(value, digits)
        return Markup('<span class="value">{} <span class="unit">{}</span></span>').format(
            shown, translator(self.language)(written(unit))
        )

    def when(self, moment: datetime | None, zone: str, now: datetime | None = None) -> Markup:
        """Write a moment as the clocks of a zone showed it, and name the zone."""
        if moment is None:
            return Markup('<span class="nothing">{}</span>').format(NOTHING)
        local = moment.astimezone(ZoneInfo(zone))
        year = "" if now is not None and local.year == now.astimezone(local.tzinfo).year else " y"
        day = format_datetime(local, f"EEE d MMM{year}", locale=self.locale)
        clock = format_datetime(local, "HH:mm", locale=self.locale)
        return Markup(
            '<time datetime="{}" title="{}">{} {} <span class="zone">{}</span></time>'
        ).format(moment.isoformat(timespec="seconds"), zone, day, clock, local.tzname())

    def clock(self, moment: datetime, zone: str) -> Markup:
        """Write the time of day, where the day stands beside it already."""
        local = moment.astimezone(ZoneInfo(zone))
        return Markup(
            '<time datetime="{}" title="{}">{} <span class="zone">{}</span></time>'
        ).format(moment.isoformat(timespec="seconds"), zone, f"{local:%H:%M}", local.tzname())

    def day(self, day: date | None) -> str:
        """Write a date."""
        if day is None:
            return NOTHING
        return str(format_date(day, "EEE d MMM y", locale=self.locale))

    def ago(self, moment: datetime | None, now: datetime) -> Markup:
        """Say how long ago, or in how long."""
        if moment is None:
            return Markup('<span class="nothing">{}</span>').format(NOTHING)
        return Markup('<time datetime="{}">{}</time>').format(
            moment.isoformat(timespec="seconds"),
            format_timedelta(moment - now, add_direction=True, locale=self.locale),
        )

    def lasting(self, length: timedelta) -> str:
        """Say how long."""
        return str(format_timedelta(length, locale=self.locale, format="short"))

    def language_name(self, code: str) -> str:
        """Name a language in the reader's."""
        try:
            name = Locale.parse(code).get_display_name(self.locale)
        except (UnknownLocaleError, ValueError):
            name = None
        return str(name or code)

    def in_templates(self) -> dict[str, Callable[..., object]]:
        """Return what every template can call."""
        return {
            "_": self.say,
            "_n": self.count,
            "said": self.told,
            "number": self.number,
            "value": self.value,
            "when": self.when,
            "clock": self.clock,
            "day": self.day,
            "ago": self.ago,
            "lasting": self.lasting,
            "phone": phone,
            "language_name": self.language_name,
        }


def phone(number: str) -> str:
    """Write an E.164 number as people read it."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
