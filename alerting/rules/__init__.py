"""Kinds of rules, found by walking this folder: one kind is one file that says `KIND`."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from alerting.fold import Judged, fold, one_per_reading
from alerting.model import TAKES_PART, Carried, Episode, Observation, Problem, Rule

if TYPE_CHECKING:  # numpy: only a back-test needs it
    from alerting.columns import Columns, Judgements
    from alerting.extent import Extent

R = TypeVar("R", bound=Rule)

ALWAYS: Final = datetime.min.replace(tzinfo=UTC)


def anything(_rule: Rule, _extent: "Extent") -> bool:
    """Say that a kind has to judge all that it is given."""
    return True


def nothing(_rule: Rule, _observations: Iterable[Observation]) -> tuple[Problem, ...]:
    """Say that there is no reading which a kind could not judge."""
    return ()


@dataclass(frozen=True, slots=True)
class Kind(Generic[R]):
    """How rules of one kind are read, checked and evaluated; all of it without IO.

    `judge` gets one patient's observations of what the rule reads that take part, in order of
    measurement. It judges those that were measured at `since` or later; the earlier ones are what
    it may look back on (`Rule.looks_back`). What it says is a function of its arguments alone: the
    order in which readings arrived, and how often, never changes it.

    `may_fire`, where a kind has it, says of the extent of the same observations whether any of them
    may fire. Where none does nothing begins, so that they need not be judged.

    `vector`, where a kind has it, judges the values of one component of many patients at once, for
    back-tests; it says the same as `judge`, row by row. Without it they go one by one.
    """

    name: str
    rule: type[R]
    judge: Callable[[R, Sequence[Observation], datetime], Iterable[Judged]]
    lint: Callable[[R], tuple[str, ...]]
    problems: Callable[[R, Iterable[Observation]], tuple[Problem, ...]] = nothing
    may_fire: "Callable[[R, Extent], bool]" = anything
    vector: "Callable[[R, Columns], Judgements] | None" = None

    def episodes(
        self,
        rule: R,
        observations: Iterable[Observation],
        since: datetime = ALWAYS,
        carried: Carried | None = None,
    ) -> tuple[Episode, ...]:
        """Return the episodes in which the rule held from `since` on, oldest first.

        `carried` is where it starts from, where an episode began before that.
        """
        return self.of(rule, concerned(rule.reads, observations), since, carried)

    def of(
        self,
        rule: R,
        ordered: Sequence[Observation],
        since: datetime,
        carried: Carried | None,
        extent: "Extent | None" = None,
    ) -> tuple[Episode, ...]:
        """Return the same of observations that are `concerned` already, with their extent."""
        if carried is None and extent is not None and not self.may_fire(rule, extent):
            return ()
        judged = self.judge(rule, ordered, since)
        return fold(rule, judged, carried, self._again(rule, carried))

    def _again(self, rule: R, carried: Carried | None) -> Sequence[Judged]:
        """Judge what was carried over anew, unless that took more than is at hand."""
        if carried is None:
            return ()
        if not rule.looks_back:
            seen = concerned(rule.components, carried.observations)
            return one_per_reading(self.judge(rule, seen, ALWAYS))
        return [
            Judged(e.observation, e.severity, e.severity, e.reason, e.facts, e.basis)
            for e in sorted(carried.told, key=lambda e: e.observation.order)
        ]


def concerned(components: Iterable[str], observations: Iterable[Observation]) -> list[Observation]:
    """Return what a rule over these components may judge, in order of measurement."""
    mine = frozenset(components)
    seen = (o for o in observations if o.component in mine and o.validity in TAKES_PART)
    return sorted(seen, key=lambda o: o.order)


def _walk() -> dict[str, Kind[Any]]:
    names = (module.name for module in pkgutil.iter_modules(__path__, f"{__name__}."))
    return {module.KIND.name: module.KIND for module in map(importlib.import_module, names)}


_found: dict[str, Kind[Any]] = {}


def kinds() -> Mapping[str, Kind[Any]]:
    """Return every kind by its name."""
    if not _found:
        _found.update(_walk())
    return MappingProxyType(_found)


__all__: Final = ["ALWAYS", "Kind", "anything", "concerned", "kinds", "nothing"]
