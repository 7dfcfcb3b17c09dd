"""Adds to the audit, in the transaction of the deed. PostgreSQL chains it at the commit."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from gateway.access.who import Who
from gateway.storage.database import Connection

APPEND: Final = """
INSERT INTO audit_waiting (organisation_id, at, actor_kind, actor_id, actor, roles, session_id,
    action, patients, subject_kind, subject_id, detail)
VALUES (%(organisation)s, %(at)s, %(kind)s, %(id)s, %(actor)s, %(roles)s, %(session)s,
    %(action)s, %(patients)s::uuid[], %(subject_kind)s, %(subject_id)s, %(detail)s::json)"""

LONGEST: Final = 200


def append(
    connection: Connection,
    who: Who,
    action: str,
    *,
    at: datetime,
    patient: UUID | None = None,
    subject: tuple[str, str] | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Record what a person or a program did or saw. The `Audit` of gateway/api/call.py.

    Where several patients were seen at once, `detail` has their ids as `patients`.
    """
    actor = {
        "organisation": who.organisation,
        "kind": "program" if who.session is None else "person",
        "id": who.id,
        "actor": who.name,
        "roles": " ".join(sorted(who.roles)),
        "session": who.session,
    }
    write(connection, actor, action, at=at, patient=patient, subject=subject, detail=detail or {})


def write(
    connection: Connection,
    actor: Mapping[str, Any],
    action: str,
    *,
    at: datetime,
    patient: UUID | None,
    subject: tuple[str, str] | None,
    detail: Mapping[str, Any],
) -> None:
    """Record it, whoever it was."""
    kind, id_ = subject or (None, None)
    more = dict(detail)
    several = [UUID(str(each)) for each in more.pop("patients", ())]
    connection.execute(
        APPEND,
        {
            **actor,
            "at": at,
            "action": action,
            "patients": list(dict.fromkeys([*([patient] if patient else []), *several])),
            "subject_kind": kind,
            "subject_id": id_,
            "detail": json.dumps({key: _plain(value) for key, value in more.items()}),
        },
    )


def _plain(value: Any) -> Any:
    """Return it as JSON has it, long texts cut. What measurements are made of is refused."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value if len(value) <= LONGEST else value[: LONGEST - 1] + "…"
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    raise TypeError(f"the audit keeps no {type(value).__name__}: it might be a health value")
