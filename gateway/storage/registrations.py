"""Who a patient is, as it was registered: details, contacts for an emergency, and their changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from gateway.errors import Changed, NotFound
from gateway.storage.database import Connection

COLUMNS: Final = (
    "name, given_name, family_name, birth_date, external_id, language, timezone, phones, channel, "
    "address, care_team_id, restricted"
)
ADD: Final = f"""
INSERT INTO patient (id, organisation_id, {COLUMNS}, created_at, changed_by, changed_at)
VALUES (%(id)s, %(organisation)s, %(name)s, %(given_name)s, %(family_name)s, %(birth_date)s,
    %(external_id)s, %(language)s, %(timezone)s, %(phones)s, %(channel)s, %(address)s,
    %(care_team_id)s, %(restricted)s, %(now)s, %(by)s, %(now)s)"""  # noqa: S608 - constants only
CHANGE: Final = f"""
UPDATE patient SET ({COLUMNS}) = (%(name)s, %(given_name)s, %(family_name)s, %(birth_date)s,
    %(external_id)s, %(language)s, %(timezone)s, %(phones)s, %(channel)s, %(address)s,
    %(care_team_id)s, %(restricted)s), version = version + 1, changed_by = %(by)s,
    changed_at = %(now)s
WHERE id = %(id)s AND version = %(version)s RETURNING version"""  # noqa: S608 - constants only
FIND: Final = f"""
SELECT id, organisation_id, {COLUMNS}, version, created_at, changed_by, changed_at
FROM patient WHERE id = %s AND NOT synthetic"""  # noqa: S608 - constants only
CONTACTS: Final = """
SELECT name, relation, phone FROM emergency_contact WHERE patient_id = %s ORDER BY place"""
FORGET_CONTACTS: Final = "DELETE FROM emergency_contact WHERE patient_id = %s"
ADD_CONTACTS: Final = """
INSERT INTO emergency_contact (id, organisation_id, patient_id, place, name, relation, phone)
SELECT c.id, %(organisation)s, %(patient)s, c.place, c.name, c.relation, c.phone
FROM jsonb_to_recordset(%(contacts)s) AS c(id uuid, place smallint, name text, relation text,
    phone text)"""
# Who was added by a name only may be the same person too. Each part by its own index.
TWINS: Final = """
WITH asked AS (
    SELECT * FROM jsonb_to_recordset(%(asked)s) AS n(n int, name text, birth_date date,
        external_id text)
), found AS (
    SELECT n.n, p.id, true AS same_id FROM asked n
    JOIN patient p ON p.organisation_id = %(organisation)s AND p.external_id = n.external_id
    UNION ALL
    SELECT n.n, p.id, false FROM asked n
    JOIN patient p ON p.organisation_id = %(organisation)s AND lower(p.name) = lower(n.name)
        AND (p.birth_date = n.birth_date OR p.birth_date IS NULL)
)
SELECT DISTINCT ON (f.n) f.n, p.id, p.name, p.birth_date, p.restricted, f.same_id
FROM found f JOIN patient p ON p.id = f.id
WHERE NOT p.synthetic AND p.id IS DISTINCT FROM %(but)s
ORDER BY f.n, f.same_id DESC, p.birth_date NULLS LAST, p.id"""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call where the patient does not answer."""

    name: str
    relation: str
    phone: str


@dataclass(frozen=True, slots=True)
class Details:
    """What is typed of a patient once. Telephone numbers are E.164."""

    given_name: str | None
    family_name: str | None
    birth_date: date | None
    external_id: str | None = None
    language: str = "en"
    timezone: str = "UTC"
    phones: tuple[str, ...] = ()
    channel: str = "telephone"
    address: str = ""
    care_team_id: UUID | None = None
    restricted: bool = False
    contacts: tuple[Contact, ...] = ()
    known_as: str = ""
    """The name of who was added by one name only."""

    @property
    def name(self) -> str:
        """Return what lists show."""
        whole = " ".join(filter(None, (self.given_name, self.family_name)))
        return whole or self.known_as


@dataclass(frozen=True, slots=True)
class Registered:
    """A patient as they stand; `version` is what a change has to name."""

    id: UUID
    organisation: UUID
    details: Details
    version: int
    created_at: datetime
    changed_by: str | None
    changed_at: datetime | None

    @property
    def name(self) -> str:
        """Return what lists show."""
        return self.details.name


@dataclass(frozen=True, slots=True)
class Twin:
    """Somebody who is registered already and may be the same person."""

    id: UUID
    name: str
    birth_date: date | None
    restricted: bool
    same_id: bool
    """By the clinic's own number: it is the same."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is looked for before they are registered."""

    name: str
    birth_date: date | None
    external_id: str | None


def add_registered(
    connection: Connection, organisation: UUID, details: Details, by: str, now: datetime
) -> UUID:
    """Register a patient; return the id. Raises Conflict where the external id is taken."""
    id_ = uuid4()
    told = {**_columns(details), "id": id_, "organisation": organisation, "by": by, "now": now}
    connection.execute(ADD, told)
    _add_contacts(connection, organisation, id_, details.contacts)
    return id_


def find_registered(connection: Connection, patient: UUID) -> Registered:
    """Return a patient's details. Raises NotFound."""
    row = connection.execute(FIND, [patient]).fetchone()
    if row is None:
        raise NotFound("There is no such patient in this organisation.")
    contacts = tuple(Contact(**each) for each in connection.execute(CONTACTS, [patient]))
    told = {name: row[name] for name in Details.__slots__ if name in row}
    details = Details(
        **told | {"phones": tuple(row["phones"]), "contacts": contacts, "known_as": row["name"]}
    )
    return Registered(
        row["id"],
        row["organisation_id"],
        details,
        row["version"],
        row["created_at"],
        row["changed_by"],
        row["changed_at"],
    )


def change_registered(
    connection: Connection, patient: UUID, version: int, details: Details, by: str, now: datetime
) -> int:
    """Write a change down; return the new version. Raises Changed where there is a newer one."""
    told = {**_columns(details), "id": patient, "version": version, "by": by, "now": now}
    row = connection.execute(CHANGE, told).fetchone()
    before = find_registered(connection, patient)
    if row is None:
        raise Changed(f"It was changed by {before.changed_by}." if before.changed_by else "")
    connection.execute(FORGET_CONTACTS, [patient])
    _add_contacts(connection, before.organisation, patient, details.contacts)
    return int(row["version"])


def twins(
    connection: Connection, organisation: UUID, asked: Iterable[Asked], but: UUID | None = None
) -> Mapping[int, Twin]:
    """Return who is registered already, by the place in `asked`; `but`: the patient themselves."""
    rows = [
        {
            "n": n,
            "name": one.name,
            "birth_date": one.birth_date and one.birth_date.isoformat(),
            "external_id": one.external_id,
        }
        for n, one in enumerate(asked)
    ]
    told = {"asked": Jsonb(rows), "organisation": organisation, "but": but}
    return {row.pop("n"): Twin(**row) for row in connection.execute(TWINS, told).fetchall()}


def _columns(details: Details) -> dict[str, Any]:
    told = {name: getattr(details, name) for name in Details.__slots__}
    del told["contacts"], told["known_as"]
    return {**told, "name": details.name, "phones": list(details.phones)}


def _add_contacts(
    connection: Connection, organisation: UUID, patient: UUID, contacts: Sequence[Contact]
) -> None:
    rows = [
        {"id": str(uuid4()), "place": at, "name": c.name, "relation": c.relation, "phone": c.phone}
        for at, c in enumerate(contacts, 1)
    ]
    if rows:
        told = {"organisation": organisation, "patient": patient, "contacts": Jsonb(rows)}
        connection.execute(ADD_CONTACTS, told)
