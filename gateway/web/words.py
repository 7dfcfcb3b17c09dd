"""What a page says, in the reader's language: texts, numbers with units, times in a zone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_timedelta
from babel.numbers import format_decimal
from babel.units import format_unit
from markupsafe import Markup, escape

from alerting.languages import translator
from alerting.languages.filled import filled
from alerting.units import written
from alerting.words import Said, Translate, template
from gateway.errors import GatewayError

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOW = template("now")
NOTHING = "–"  # noqa: RUF001 - a dash: there is no value


@dataclass(frozen=True)
class Words:
    """Everything a template says goes through one of these; there is one for each language."""

    language: str

    @cached_property
    def locale(self) -> Locale:
        """Return how numbers and dates are written."""
        return Locale.parse(self.language)

    @cached_property
    def translate(self) -> Translate:
        """Return what translates a text."""
        return translator(self.language)

    def say(self, template: str, **values: object) -> Markup:
        """Translate, then fill in; values are escaped unless they are markup already."""
        said: Markup = escape(self.translate(template))
        return said.format(**values) if values else said

    def failure(self, error: GatewayError | None) -> Markup:
        """Say what went wrong, where something did."""
        return Markup(" ").join(self.say(part) for part in (error.parts if error else ()))

    def stored(self, text: str) -> Markup:
        """Translate a sentence that was filled in before it was stored, as a task's is."""
        return escape(filled(text, self.language))

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
        return _decimal(value, digits, self.locale)

    def value(self, value: Decimal | float | None, unit: str, digits: int | None = None) -> Markup:
        """Write a number with its unit."""
        if value is None:
            return Markup('<span class="nothing">{}</span>').format(NOTHING)
        shown = self.number(value, digits)
        return Markup('<span class="value">{} <span class="unit">{}</span></span>').format(
            shown, self.translate(written(unit))
        )

    def when(self, moment: datetime | None, zone: str, now: datetime | None = None) -> Markup:
        """Write a moment as the clocks of a zone showed it, and name the zone."""
        if moment is None:
            return Markup('<span class="nothing">{}</span>').format(NOTHING)
        local = moment.astimezone(ZoneInfo(zone))
        this_year = now is not None and local.year == now.astimezone(local.tzinfo).year
        day = _day(local.date(), "EEE d MMM" if this_year else "EEE d MMM y", self.locale)
        clock = f"{local:%H:%M}"
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
        return _day(day, "EEE d MMM y", self.locale)

    def ago(self, moment: datetime | None, now: datetime) -> Markup:
        """Say how long ago, or in how long."""
        if moment is None:
            return Markup('<span class="nothing">{}</span>').format(NOTHING)
        minutes = round((moment - now).total_seconds() / 60)
        return Markup('<time datetime="{}">{}</time>').format(
            moment.isoformat(timespec="seconds"),
            _span(minutes, True, self.locale) if minutes else self.say(NOW),
        )

    def lasting(self, length: timedelta) -> str:
        """Say how long."""
        return _span(round(length.total_seconds() / 60), False, self.locale)

    def exactly(self, length: timedelta) -> str:
        """Say how long without rounding: in days, or in hours where those are not whole."""
        unit = DAY if not length % DAY else HOUR
        name = "duration-day" if unit is DAY else "duration-hour"
        return str(format_unit(length / unit, name, locale=self.locale))

    def language_name(self, code: str) -> str:
        """Name a language in the reader's."""
        try:
            name = Locale.parse(code).get_display_name(self.locale)
        except (UnknownLocaleError, ValueError):
            name = None
        return str(name or code)

    @lru_cache(16)  # noqa: B019 - there are as many as languages
    def in_templates(self) -> dict[str, Callable[..., object]]:
        """Return what every template can call."""
        return {
            "_": self.say,
            "_n": self.count,
            "stored": self.stored,
            "failure": self.failure,
            "said": self.told,
            "number": self.number,
            "value": self.value,
            "when": self.when,
            "clock": self.clock,
            "day": self.day,
            "ago": self.ago,
            "lasting": self.lasting,
            "exactly": self.exactly,
            "phone": phone,
            "language_name": self.language_name,
        }


# A list of work says the same days and spans again and again, and babel takes its time over each.
@lru_cache(4096)
def _day(day: date, shape: str, locale: Locale) -> str:
    return str(format_date(day, shape, locale=locale))


@lru_cache(4096)
def _span(minutes: int, directed: bool, locale: Locale) -> str:
    length = timedelta(minutes=minutes)
    if directed:
        return str(format_timedelta(length, add_direction=True, locale=locale))
    return str(format_timedelta(length, locale=locale, format="short"))


@lru_cache(4096)
def _decimal(value: Decimal | float, digits: int | None, locale: Locale) -> str:
    shape = "#,##0." + "0" * digits if digits else "#,##0" if digits == 0 else None
    return str(format_decimal(value, format=shape, locale=locale))


@lru_cache(4096)
def phone(number: str) -> str:
    """Write an E.164 number as people read it."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
