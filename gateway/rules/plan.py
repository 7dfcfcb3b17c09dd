"""Which rule holds for whom in a back-test: the pack's, and patients' own limits over it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from alerting.backtest.run import InForce
from alerting.model import Rule
from alerting.packs.replacing import without_replaced
from gateway.care.evaluate import in_force
from gateway.storage.database import Connection
from gateway.storage.rules import Scope, scopes


def plan(
    connection: Connection, rules: Iterable[Rule], patients: Sequence[str], now: datetime
) -> tuple[InForce, ...]:
    """Return rules as they hold now; limits that do not fit are told and left, as live.

    Who has the same limits is judged together, whoever set them and why.
    """
    rules = tuple(rules)
    number = {UUID(name): n for n, name in enumerate(patients)}
    found = scopes(connection, list(number), now)
    plain = defaultdict(set)
    for patient, of_patient in found.items():
        if not of_patient.overrides:
            plain[of_patient.packs].add(number[patient])
    alike: dict[str, tuple[Rule, set[int]]] = {}
    for packs, who in plain.items():
        _add(alike, without_replaced(Scope(packs).rules(rules)), who)
    for patient, of_patient in found.items():
        if of_patient.overrides:
            mine = of_patient.rules(rules)
            own = in_force(mine, of_patient.overrides, now, patient)
            _add(alike, own, {number[patient]})
    return tuple(InForce(rule, frozenset(who)) for rule, who in alike.values())


def _add(alike: dict[str, tuple[Rule, set[int]]], rules: Iterable[Rule], who: set[int]) -> None:
    for rule in rules:
        limits = rule.model_copy(update={"adjusted": None}).model_dump_json()
        alike.setdefault(limits, (rule, set()))[1].update(who)
