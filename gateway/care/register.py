"""Patients come: what only the database knows is checked, then they are written down."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from alerting.words import Said
from gateway.care.consent import give
from gateway.care.contact_ways import write_phone
from gateway.care.registration import (
    EMPTY_TEAM,
    HIDDEN_TWIN,
    NO_TEAM,
    TAKEN_ID,
    TWIN,
    NotRegistered,
    Problem,
    Registration,
)
from gateway.storage import care_teams
from gateway.storage.care_teams import team
from gateway.storage.consents import By
from gateway.storage.database import Connection
from gateway.storage.registrations import (
    Asked,
    Details,
    Registered,
    Twin,
    add_registered,
    change_registered,
    find_registered,
    twins,
)


def check(
    connection: Connection,
    organisation: UUID,
    typed: Sequence[Registration],
    but: Registered | None = None,
) -> Mapping[int, list[Problem]]:
    """Return what is wrong with each, by its place; `but`: the patient who is changed."""
    found: dict[int, list[Problem]] = defaultdict(list)
    asked = [
        Asked(f"{one.given_name} {one.family_name}", one.birth_date, one.external_id)
        for one in typed
    ]
    for n, twin in twins(connection, organisation, asked, but.id if but else None).items():
        problem = _of_twin(twin, typed[n], but)
        if problem is not None:
            found[n].append(problem)
    known = care_teams.by_name(connection, organisation)
    for n, one in enumerate(typed):
        found[n] += _of_team(connection, one, known)
    return {n: problems for n, problems in found.items() if problems}


def register(
    connection: Connection, organisation: UUID, typed: Registration, by: By, now: datetime
) -> UUID:
    """Write a new patient down; return the id. Raises NotRegistered."""
    _must_fit(check(connection, organisation, [typed]))
    known = care_teams.by_name(connection, organisation)
    return write(connection, organisation, typed, known, by, now)


def write(
    connection: Connection,
    organisation: UUID,
    typed: Registration,
    known: Mapping[str, UUID],
    by: By,
    now: datetime,
) -> UUID:
    """Write one down that was checked, with the consent."""
    details = typed.details(_team(typed, known))
    try:
        patient = add_registered(connection, organisation, details, by.name, now)
    except psycopg.errors.UniqueViolation:  # somebody else was quicker
        raise NotRegistered((Problem("external_id", Said.of(TAKEN_ID, name="?")),)) from None
    consent = typed.consent(now)
    if consent is not None:
        give(connection, patient, consent, by, now)
    return patient


def change(
    connection: Connection,
    patient: UUID,
    version: int,
    typed: Registration,
    by: By,
    now: datetime,
) -> tuple[str, ...]:
    """Write a change down; return the names of its fields. Raises NotRegistered, Changed."""
    before = find_registered(connection, patient)
    _must_fit(check(connection, before.organisation, [typed], before))
    known = care_teams.by_name(connection, before.organisation)
    details = typed.details(_team(typed, known))
    change_registered(connection, patient, version, details, by.name, now)
    return changed_fields(before.details, details)


def changed_fields(before: Details, after: Details) -> tuple[str, ...]:
    """Name what differs, and not by what: for the audit."""
    names = [name for name in Details.__slots__ if name != "known_as"]
    return tuple(name for name in names if getattr(before, name) != getattr(after, name))


def typed_before(connection: Connection, known: Registered) -> dict[str, Any]:
    """Return what the form shows of a patient who is registered."""
    details = known.details
    given, _, family = details.known_as.rpartition(" ")
    shown: dict[str, Any] = {
        "given_name": details.given_name or given,
        "family_name": details.family_name or family,
        "birth_date": details.birth_date.isoformat() if details.birth_date else "",
        "external_id": details.external_id or "",
        "language": details.language,
        "timezone": details.timezone,
        "channel": details.channel,
        "address": details.address,
        "care_team": "",
        "restricted": "yes" if details.restricted else "",
    }
    for at, number in enumerate(details.phones[:2]):
        shown["phone_2" if at else "phone"] = write_phone(number, details.timezone)
    for at, contact in enumerate(details.contacts[:2]):
        start = "contact_2" if at else "contact"
        shown[f"{start}_name"] = contact.name
        shown[f"{start}_relation"] = contact.relation
        shown[f"{start}_phone"] = write_phone(contact.phone, details.timezone)
    if details.care_team_id is not None:
        shown["care_team"] = team(connection, details.care_team_id).name
    return shown


def _team(typed: Registration, known: Mapping[str, UUID]) -> UUID | None:
    return known.get(typed.care_team.lower()) if typed.care_team else None


def _of_team(
    connection: Connection, typed: Registration, known: Mapping[str, UUID]
) -> list[Problem]:
    if typed.care_team is None:
        return []
    id_ = _team(typed, known)
    if id_ is None:
        return [Problem("care_team", Said.of(NO_TEAM))]
    if typed.restricted and not team(connection, id_).members:
        return [Problem("care_team", Said.of(EMPTY_TEAM))]
    return []


def _of_twin(twin: Twin, typed: Registration, but: Registered | None) -> Problem | None:
    name = "?" if twin.restricted else twin.name
    if twin.same_id:
        return Problem("external_id", Said.of(TAKEN_ID, name=name))
    same = but is not None and (but.name.lower(), but.details.birth_date) == (
        f"{typed.given_name} {typed.family_name}".lower(),
        typed.birth_date,
    )
    if typed.another_person or same:
        return None
    said = Said.of(HIDDEN_TWIN) if twin.restricted else Said.of(TWIN, name=name)
    return Problem("another_person", said)


def _must_fit(problems: Mapping[int, list[Problem]]) -> None:
    if problems:
        raise NotRegistered(tuple(problems[0]))
