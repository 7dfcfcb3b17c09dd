"""Which rule holds for whom in a back-test: the pack's, and patients' own limits over it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from alerting.backtest.run import InForce
from alerting.model import Override, Rule
from gateway.care.evaluate import in_force
from gateway.storage.database import Connection

OVERRIDES: Final = """
SELECT patient_id, rule_key, bands, reason, author, valid_from, valid_until
FROM rule_override WHERE patient_id = ANY(%s)"""


def plan(
    connection: Connection, rules: Iterable[Rule], patients: Sequence[str], now: datetime
) -> tuple[InForce, ...]:
    """Return rules as they hold now; limits that do not fit are told and left, as live."""
    rules = tuple(rules)
    number = {UUID(name): n for n, name in enumerate(patients)}
    own: dict[UUID, list[Override]] = defaultdict(list)
    for row in connection.execute(OVERRIDES, [list(number)]):
        own[row["patient_id"]].append(Override(**row))
    alike: dict[str, tuple[Rule, set[int]]] = {}
    for patient, overrides in own.items():
        for rule, base in zip(in_force(rules, overrides, now), rules, strict=True):
            if rule is not base:
                # Who has the same limits is judged together, whoever set them and why.
                limits = rule.model_copy(update={"adjusted": None}).model_dump_json()
                alike.setdefault(limits, (rule, set()))[1].add(number[patient])
    adjusted = (InForce(rule, frozenset(who)) for rule, who in alike.values())
    return (*map(InForce, rules), *adjusted)
