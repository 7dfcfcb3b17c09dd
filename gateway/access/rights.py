"""Roles, and what each may do. `docs/access.md` is generated from this table."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Right(StrEnum):
    """One thing that somebody may do in an organisation."""

    ORGANISATION_READ = "organisation:read"
    ORGANISATION_WRITE = "organisation:write"
    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
    PATIENTS_READ = "patients:read"
    PATIENTS_WRITE = "patients:write"
    READINGS_READ = "readings:read"
    READINGS_CONFIRM = "readings:confirm"
    ALERTS_READ = "alerts:read"
    TASKS_READ = "tasks:read"
    TASKS_WORK = "tasks:work"
    TECHNICAL_TASKS = "tasks:technical"
    """Of the worklist the technical queue only; without a health value."""
    RULES_READ = "rules:read"
    RULES_WRITE = "rules:write"
    """A patient's own limits, programmes, overrides."""
    DEVICES_READ = "devices:read"
    DEVICES_WRITE = "devices:write"
    """Pair, assign, install and replace hubs and devices."""
    TIME_READ = "time:read"
    TIME_WRITE = "time:write"
    CUSTODY_READ = "custody:read"
    AUDIT_READ = "audit:read"
    BREAK_GLASS = "patients:break-glass"
    """To open a restricted patient's record with a reason, for an hour."""


class Role(StrEnum):
    """What somebody is in an organisation. One person may be several things."""

    COORDINATOR = "coordinator"
    CLINICIAN = "clinician"
    TECHNICIAN = "technician"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


_CARE: Final = {
    Right.ORGANISATION_READ,
    Right.PEOPLE_READ,
    Right.PATIENTS_READ,
    Right.READINGS_READ,
    Right.ALERTS_READ,
    Right.TASKS_READ,
    Right.TASKS_WORK,
    Right.TECHNICAL_TASKS,
    Right.RULES_READ,
    Right.DEVICES_READ,
    Right.TIME_READ,
    Right.TIME_WRITE,
    Right.CUSTODY_READ,
    Right.BREAK_GLASS,
}

RIGHTS: Final[Mapping[Role, frozenset[Right]]] = MappingProxyType(
    {
        Role.COORDINATOR: frozenset(_CARE | {Right.PATIENTS_WRITE, Right.READINGS_CONFIRM}),
        Role.CLINICIAN: frozenset(
            _CARE | {Right.PATIENTS_WRITE, Right.READINGS_CONFIRM, Right.RULES_WRITE}
        ),
        # Sees whose hub it is, by name; no health value.
        Role.TECHNICIAN: frozenset(
            {
                Right.ORGANISATION_READ,
                Right.TECHNICAL_TASKS,
                Right.DEVICES_READ,
                Right.DEVICES_WRITE,
            }
        ),
        # Gives rights, and therefore has none over health data.
        Role.ADMINISTRATOR: frozenset(
            {
                Right.ORGANISATION_READ,
                Right.ORGANISATION_WRITE,
                Right.PEOPLE_READ,
                Right.PEOPLE_WRITE,
                Right.DEVICES_READ,
                Right.RULES_READ,
            }
        ),
        Role.AUDITOR: frozenset(
            {
                Right.ORGANISATION_READ,
                Right.PEOPLE_READ,
                Right.CUSTODY_READ,
                Right.AUDIT_READ,
            }
        ),
    }
)


def rights_of(roles: frozenset[Role]) -> frozenset[Right]:
    """Return all that these roles may do together."""
    return frozenset().union(*(RIGHTS[role] for role in roles))
