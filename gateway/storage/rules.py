"""Rules as rows: what was loaded, in which version, and the limits of single patients."""

import hashlib
import json
from collections.abc import Mapping
from typing import ClassVar, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from alerting.model import Override, Rule
from alerting.packs.loader import load_packs as read_packs
from gateway.errors import Conflict
from gateway.storage.database import Connection

INSERT: Final = """
INSERT INTO rule (key, version, body, sha256) VALUES (%(key)s, %(version)s, %(body)s, %(sha256)s)
ON CONFLICT DO NOTHING"""

STORED: Final = "SELECT sha256 FROM rule WHERE key = %s AND version = %s"

OVERRIDES: Final = """
SELECT patient_id, rule_key, bands, reason, author, valid_from, valid_until
FROM rule_override WHERE patient_id = %s"""


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
    sha256 = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    row = {"key": rule.key, "version": rule.version, "body": Jsonb(body), "sha256": sha256}
    connection.execute(INSERT, row)
    stored = connection.execute(STORED, [rule.key, rule.version]).fetchone()
    if stored is None or stored["sha256"] != sha256:
        raise RuleChanged(
            f"{rule.key} version {rule.version} was loaded with other content: "
            f"give the new content version {rule.version + 1}."
        )


def overrides(connection: Connection, patient: UUID) -> tuple[Override, ...]:
    """Return a patient's own limits, whenever they hold."""
    return tuple(Override(**row) for row in connection.execute(OVERRIDES, [patient]))
