"""Rules as rows: what was loaded, in which version, and the limits of single patients."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

import structlog
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from alerting.model import Override, Rule
from alerting.packs.loader import load_packs as read_packs
from gateway.errors import Conflict
from gateway.storage.database import Connection

INSERT: Final = """
INSERT INTO rule (key, version, body, sha256) VALUES (%(key)s, %(version)s, %(body)s, %(sha256)s)
ON CONFLICT DO NOTHING"""

STORED: Final = "SELECT sha256 FROM rule WHERE key = %s AND version = %s"

# The packs of a patient's programmes, and what is laid over rules: three levels, at any time.
SCOPES: Final = """
WITH mine AS (
    SELECT m.patient_id, m.programme_id, g.packs
    FROM programme_member m JOIN programme g ON g.id = m.programme_id
    WHERE m.patient_id = ANY(%(patients)s) AND m.since <= %(now)s
      AND (m.until IS NULL OR %(now)s < m.until)
)
SELECT p.id AS patient_id,
    ARRAY(SELECT DISTINCT unnest(m.packs) FROM mine m WHERE m.patient_id = p.id) AS packs,
    (SELECT coalesce(jsonb_agg(to_jsonb(o) - '{id,organisation_id,patient_id,programme_id,
            created_at}'::text[] || jsonb_build_object('level',
            CASE WHEN o.patient_id IS NOT NULL THEN 'patient'
                 WHEN o.programme_id IS NOT NULL THEN 'programme' ELSE 'organisation' END)), '[]')
     FROM rule_override o WHERE o.organisation_id = p.organisation_id
       AND (o.patient_id = p.id OR o.patient_id IS NULL AND (o.programme_id IS NULL
            OR o.programme_id IN (SELECT m.programme_id FROM mine m WHERE m.patient_id = p.id)))
    ) AS overrides
FROM patient p WHERE p.id = ANY(%(patients)s)"""

log = structlog.get_logger()


class RuleChanged(Conflict):
    """A version of a rule never changes its content."""

    code: ClassVar[str] = "rule_changed"


def load_packs(
    connection: Connection, rules: Mapping[str, Rule] | None = None
) -> Mapping[str, Rule]:
    """Write the rules of the packs as rows and return them by key.

    Raises PackError for a pack that cannot be used, RuleChanged where a version has other content.
    """
    loaded = read_packs() if rules is None else rules
    for rule in loaded.values():
        _load(connection, rule)
    return loaded


def _load(connection: Connection, rule: Rule) -> None:
    body = rule.model_dump(mode="json")
    # Of what was said, not of defaults: a parameter that a later version brings changes no rule.
    said = rule.model_dump(mode="json", exclude_defaults=True)
    sha256 = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    row = {"key": rule.key, "version": rule.version, "body": Jsonb(body), "sha256": sha256}
    connection.execute(INSERT, row)
    stored = connection.execute(STORED, [rule.key, rule.version]).fetchone()
    if stored is None or stored["sha256"] != sha256:
        raise RuleChanged(
            f"{rule.key} version {rule.version} was loaded with other content: "
            f"give the new content version {rule.version + 1}."
        )


@dataclass(frozen=True, slots=True)
class Scope:
    """What holds for one patient: the packs of their programmes, and what is laid over rules."""

    packs: frozenset[str] = frozenset()
    overrides: tuple[Override, ...] = ()

    def rules(self, rules: Iterable[Rule]) -> tuple[Rule, ...]:
        """Return what everybody has and what the patient's programmes have, whatever is off."""
        return tuple(r for r in rules if r.programme is None or r.programme in self.packs)


def scopes(connection: Connection, patients: Sequence[UUID], now: datetime) -> dict[UUID, Scope]:
    """Return what holds for each of these patients."""
    asked = {"patients": list(patients), "now": now}
    return {row["patient_id"]: _scope(row) for row in connection.execute(SCOPES, asked)}


def _scope(row: dict[str, Any]) -> Scope:
    laid = (_override(each) for each in row["overrides"])
    return Scope(frozenset(row["packs"]), tuple(each for each in laid if each))


def _override(row: dict[str, Any]) -> Override | None:
    """Return limits; those that cannot be read are told, and the rule holds without them."""
    try:
        return Override.model_validate(row)
    except ValidationError:
        log.error("override_cannot_be_read", rule=row["rule_key"], level=row["level"])  # noqa: TRY400
        return None
