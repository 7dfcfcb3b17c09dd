"""What is typed of a new patient, checked: one form for the page, the CSV file and programs.

A problem is a field and a sentence that can be said in every language; it never quotes a value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from alerting.words import Said, template
from gateway.care.consent_text import VERSION
from gateway.care.contact_ways import language_names, read_phone
from gateway.cli import given
from gateway.errors import WrongInput
from gateway.storage.consents import NewConsent
from gateway.storage.registrations import Contact, Details

OLDEST: Final = timedelta(days=366 * 125)

MISSING: Final = template("This is needed.")
NO_DATE: Final = template("A date is written 1948-03-31: year, month, day.")
TOO_LONG: Final = template("This is too long: {most} letters at most.")
NO_CHOICE: Final = template("Choose one of: {choices}.")
NOT_SO: Final = template("This cannot be used as it is.")
NO_LETTERS: Final = template("A name is letters, without control characters.")
FUTURE: Final = template("This day is still to come.")
LONG_AGO: Final = template("Nobody is so old.")
NO_PHONE: Final = template(
    "No telephone has this number. Write it as it is dialled there, or with + and the country."
)
NO_LANGUAGE: Final = template("This is no language by its two letters, as en, es or tr.")
NO_ZONE: Final = template("There is no such time zone; an example is America/Chicago.")
NO_TEAM: Final = template("There is no care team of this name.")
NEEDS_TEAM: Final = template("Who is restricted is seen by a care team only: choose one.")
EMPTY_TEAM: Final = template("Nobody is in this care team, so nobody could see the patient.")
WHOLE_CONTACT: Final = template("Of an emergency contact we need name, relation and telephone.")
BEFORE_BIRTH: Final = template("This is before the patient was born.")
SAME_PHONE: Final = template("This number is there already.")
TAKEN_ID: Final = template("{name} has this number already.")
TWIN: Final = template(
    "{name} is registered already, with this birth date or none. If this is another person, say so."
)
HIDDEN_TWIN: Final = template(
    "Somebody of this name and birth date is registered already. If this is another person, say so."
)
WORDS: Final = {
    "missing": MISSING,
    "string_too_short": MISSING,
    "string_too_long": TOO_LONG,
    "date_from_datetime_parsing": NO_DATE,
    "date_parsing": NO_DATE,
    "date_type": NO_DATE,
    "literal_error": NO_CHOICE,
}

Channel = Literal["telephone", "video", "message"]
Relation = Literal[
    "partner", "child", "parent", "sibling", "relative", "friend", "neighbour", "carer", "other"
]


def wrong(said: str, **values: object) -> PydanticCustomError:
    """Return what a check raises."""
    return PydanticCustomError("said", "{said}", {"said": said, **values})


def _name(text: str) -> str:
    try:
        return given.name(" ".join(text.split()))
    except WrongInput:
        raise wrong(NO_LETTERS) from None


def _zone(text: str) -> str:
    try:
        return given.zone(text)
    except WrongInput:
        raise wrong(NO_ZONE) from None


def _language(text: str) -> str:
    if text.lower() not in language_names("en"):
        raise wrong(NO_LANGUAGE)
    return text.lower()


def _yes(value: object) -> object:
    return (
        value.strip().lower() in {"yes", "y", "true", "1", "on"}
        if isinstance(value, str)
        else value
    )


def _maybe(value: object) -> object:
    """What is left empty in a form or a file was not said."""
    return None if isinstance(value, str) and not value.strip() else value


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_name)]
Maybe = BeforeValidator(_maybe)
Yes = Annotated[bool, BeforeValidator(_yes)]


class Registration(BaseModel):
    """All of it, flat: the names are those of the form's fields and of the file's columns."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    given_name: Name
    family_name: Name
    birth_date: date
    external_id: Annotated[Annotated[str, Field(max_length=100)] | None, Maybe] = None
    language: Annotated[str, AfterValidator(_language)] = "en"
    timezone: Annotated[str, AfterValidator(_zone)]
    phone: Annotated[str, Field(min_length=1)]
    phone_2: Annotated[str | None, Maybe] = None
    channel: Channel = "telephone"
    address: Annotated[str, Field(max_length=500)] = ""
    care_team: Annotated[str | None, Maybe] = None
    restricted: Yes = False
    contact_name: Annotated[Name | None, Maybe] = None
    contact_relation: Annotated[Relation | None, Maybe] = None
    contact_phone: Annotated[str | None, Maybe] = None
    contact_2_name: Annotated[Name | None, Maybe] = None
    contact_2_relation: Annotated[Relation | None, Maybe] = None
    contact_2_phone: Annotated[str | None, Maybe] = None
    consent_on: Annotated[date | None, Maybe] = None
    consent_how: Annotated[Literal["verbal", "written"] | None, Maybe] = None
    consent_by: Annotated[Name | None, Maybe] = None
    """Who agreed in the patient's place; without: the patient."""
    another_person: Yes = False
    """Somebody of this name and birth date is registered already, and it is not the same."""

    @field_validator("birth_date", "consent_on")
    @classmethod
    def _is_over(cls, day: date | None, info: ValidationInfo) -> date | None:
        if day is None:
            return None
        # A file may come from the other side of the date line.
        if day > _today(info) + timedelta(days=1):
            raise wrong(FUTURE)
        if day < _today(info) - OLDEST:
            raise wrong(LONG_AGO)
        return day

    @field_validator("phone", "phone_2", "contact_phone", "contact_2_phone")
    @classmethod
    def _rings(cls, text: str | None, info: ValidationInfo) -> str | None:
        if text is None or "timezone" not in info.data:
            return text  # a wrong zone is told, and would make every number wrong
        try:
            return read_phone(text, info.data["timezone"])
        except ValueError:
            raise wrong(NO_PHONE) from None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        problems = dict(self._contradictions())
        if problems:
            raise ValidationError.from_exception_data(
                "Registration",
                [
                    InitErrorDetails(type=wrong(said), loc=(field,), input=None)
                    for field, said in problems.items()
                ],
            )
        return self

    def _contradictions(self) -> list[tuple[str, str]]:
        found = _incomplete(self.model_dump(exclude_none=True))
        if self.phone_2 is not None and self.phone_2 == self.phone:
            found.append(("phone_2", SAME_PHONE))
        if self.restricted and self.care_team is None:
            found.append(("care_team", NEEDS_TEAM))
        if self.consent_on is not None and self.consent_on < self.birth_date:
            found.append(("consent_on", BEFORE_BIRTH))
        return found

    def details(self, team: UUID | None) -> Details:
        """Return it as it is stored."""
        phones = tuple(filter(None, (self.phone, self.phone_2)))
        return Details(
            given_name=self.given_name,
            family_name=self.family_name,
            birth_date=self.birth_date,
            external_id=self.external_id,
            language=self.language,
            timezone=self.timezone,
            phones=phones,
            channel=self.channel,
            address=self.address,
            care_team_id=team,
            restricted=self.restricted,
            contacts=tuple(self._contacts()),
        )

    def _contacts(self) -> list[Contact]:
        told = [
            (self.contact_name, self.contact_relation, self.contact_phone),
            (self.contact_2_name, self.contact_2_relation, self.contact_2_phone),
        ]
        return [Contact(name, how, phone) for name, how, phone in told if name and how and phone]

    def consent(self, now: datetime) -> NewConsent | None:
        """Return what the patient agreed to; of an earlier day its beginning, in their zone."""
        if self.consent_on is None or self.consent_how is None:
            return None
        day = datetime.combine(self.consent_on, time(), ZoneInfo(self.timezone)).astimezone(UTC)
        today = now.astimezone(ZoneInfo(self.timezone)).date()
        return NewConsent(
            given_at=now if self.consent_on >= today else day,
            how=self.consent_how,
            text_version=VERSION,
            language=self.language,
            given_by="representative" if self.consent_by else "patient",
            representative=self.consent_by,
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a field, to be said beside it."""

    field: str
    said: Said


class NotRegistered(WrongInput):
    """Some of it cannot be used as it is."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(" ".join(f"{each.field}: {each.said}" for each in problems))
        self.problems = problems


def read_registration(fields: Mapping[str, Any], today: date) -> Registration:
    """Check what was typed. Raises NotRegistered with every problem."""
    try:
        return Registration.model_validate(dict(fields), context={"today": today})
    except ValidationError as error:
        told = _problems(error)
        # Without these, who puts the others right would hear of it only then.
        said = {each.field for each in told}
        half = [(name, words) for name, words in _incomplete(fields) if name not in said]
        raise NotRegistered(
            (*told, *(Problem(name, Said.of(words)) for name, words in half))
        ) from None


def _incomplete(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what is missing of what has a part: contacts, a consent."""
    found = []
    there = {name for name, value in fields.items() if value}
    for start in ("contact", "contact_2"):
        parts = [f"{start}_{part}" for part in ("name", "relation", "phone")]
        missing = [part for part in parts if part not in there]
        if 0 < len(missing) < len(parts):
            found.append((missing[0], WHOLE_CONTACT))
    consent = {"consent_on", "consent_how"}
    if len(consent & there) == 1:
        found.append(((consent - there).pop(), MISSING))
    return found


def _problems(error: ValidationError) -> list[Problem]:
    return [
        Problem(".".join(str(part) for part in one["loc"]), _said(one["type"], one.get("ctx", {})))
        for one in error.errors(include_url=False, include_input=False)
    ]


def _said(kind: str, context: Mapping[str, Any]) -> Said:
    if kind == "said":
        values = {name: str(value) for name, value in context.items() if name != "said"}
        return Said.of(str(context["said"]), **values)
    words = WORDS.get(kind, NOT_SO)
    if words == TOO_LONG:
        return Said.of(words, most=str(context["max_length"]))
    if words == NO_CHOICE:
        return Said.of(words, choices=str(context["expected"]).replace("'", ""))
    return Said.of(words)


def _today(info: ValidationInfo) -> date:
    today: date = (info.context or {}).get("today") or datetime.now(UTC).date()
    return today
