"""What the authors of a pack should mend, though it loads: each with its line.

Errors hide or double alerts for sure, warnings most likely; notes are what somebody should know.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from itertools import combinations, pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from alerting.bands import Banded, Bands
from alerting.bounds import Bound
from alerting.errors import PackError
from alerting.lines import Document, NotYaml, Step, read
from alerting.model import Direction, OneComponent, Rule, Severity
from alerting.packs.loader import load_pack
from alerting.pipeline.snooze import rest
from alerting.rules import kinds
from alerting.units import convert
from device_profiles.codes import CELSIUS, KG, MG_DL, MMHG, PER_MINUTE, PERCENT, TERMS

Level = Literal["error", "warning", "note"]

_KNOWN: Final = frozenset(term.name for term in TERMS.values())
# What a valid reading can be at all; a limit beyond can never be reached. Pressures: Florence's
# (BMC Fam Pract 2015, s12875-015-0301-2, table 2); all others are judgements (J).
_RANGES: Final[Mapping[str, tuple[str, int, int]]] = MappingProxyType(
    {
        "systolic": (MMHG, 50, 260),
        "diastolic": (MMHG, 0, 200),
        "pulse": (PER_MINUTE, 25, 250),
        "spo2": (PERCENT, 50, 100),
        "glucose": (MG_DL, 10, 700),
        "temperature": (CELSIUS, 30, 45),
        "weight": (KG, 2, 350),
    }
)
# No value can be too high, and a weight is judged by how it changes.
_ONE_SIDED: Final = frozenset({("spo2", Direction.HIGH)})
# Scores name what people at home cannot measure, and tell that it is missing.
_SCORES: Final = frozenset({"news2"})
# Kinds whose bounds are differences, not values.
_OF_CHANGES: Final = frozenset({"rapid_change", "trend", "control_chart"})
_BY_CHANGE: Final = frozenset({"weight"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend: in which file, rule and line, and how sure it is."""

    path: Path
    line: int
    level: Level
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.level}: {self.rule}: {self.text}"


@dataclass(frozen=True, slots=True)
class _Place:
    """A rule with its number in the pack."""

    rule: Rule
    number: int
    path: Path
    document: Document

    def finding(self, level: Level, text: str, *where: Step) -> Finding:
        line = self.document.line(("rules", self.number, *where))
        return Finding(self.path, line, level, self.rule.key, text)


def lint_pack(path: Path) -> tuple[Finding, ...]:
    """Return all findings of a pack by line. Raises PackError where it does not load."""
    rules = load_pack(path)
    try:
        document = read(path)
    except NotYaml as error:
        raise PackError(path, error.line, str(error)) from None
    places = [_Place(rule, number, path, document) for number, rule in enumerate(rules)]
    found = [finding for place in places for finding in _of_rule(place)]
    found += _between(places)
    return tuple(sorted(found, key=lambda each: (each.line, each.level, each.text)))


def _of_rule(place: _Place) -> Iterator[Finding]:
    rule = place.rule
    unknown = [name for name in rule.components if name not in _KNOWN | _scored(rule)]
    for name in unknown:
        near = get_close_matches(name, _KNOWN, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        yield place.finding("error", f"no device measures {name!r}{hint}", "component")
    if not unknown:
        for said in kinds()[rule.kind].lint(rule):
            yield place.finding("warning", said)
    yield from _rests(place)
    yield from _titles(place)
    if isinstance(rule, Banded) and not unknown:
        yield from _units(place, rule)
        yield from _unreachable(place, rule)


def _rests(place: _Place) -> Iterator[Finding]:
    """Find a rest after an answer that no task of the rule ever takes."""
    asked = place.rule.ask_again
    if asked is None:
        return
    known = _severities(place.rule)
    if not known - {Severity.P1}:
        text = "ask_again: this rule knows no band but P1, and P1 never rests"
        yield place.finding("error", text if known else "ask_again: it opens no alert", "ask_again")
    elif all(rest(None, each) >= asked for each in known - {Severity.P1}):
        text = "ask_again has no effect, since every answered task rests as long without it"
        yield place.finding("warning", text, "ask_again")


def _titles(place: _Place) -> Iterator[Finding]:
    """Find bands that people cannot tell apart by what their tasks are called."""
    rule, called = place.rule, defaultdict[str, list[Severity]](list)
    for severity in sorted(_severities(rule)):
        called[rule.titled(severity)].append(severity)
    for title, several in called.items():
        if len(several) > 1:
            text = f"{' and '.join(several)} are both called {title!r}: name each in `titles`"
            yield place.finding("warning", text, "title")
    for severity in sorted(set(rule.titles) - _severities(rule)):
        text = f"titles: this rule knows no {severity}"
        yield place.finding("warning", text, "titles", str(severity))


def _severities(rule: Rule) -> frozenset[Severity]:
    """Return every severity that an alert of a rule may have."""
    if not isinstance(rule, Banded):
        return frozenset(getattr(rule, "bands", getattr(rule, "when", ())))
    beyond = (getattr(part, "beyond_range", None) for part in (rule, getattr(rule, "alone", None)))
    told = {severity for _, bands in _tables(rule) for severity in bands}
    return frozenset(told | {each for each in beyond if each is not None and each < min(told)})


def _scored(rule: Rule) -> frozenset[str]:
    return frozenset(rule.components) if rule.kind in _SCORES else frozenset()


def _tables(rule: Banded) -> Iterator[tuple[tuple[str, ...], Bands]]:
    """Return all bounds of a rule with their place: its own, those of one reading, of symptoms."""
    yield ("bands",), rule.bands
    alone = getattr(rule, "alone", None)
    if alone is not None:
        yield ("alone", "bands"), alone.bands
    for at, part in (("with_symptoms",), rule), (("alone", "with_symptoms"), alone):
        moves = getattr(part, "with_symptoms", None)
        if moves is not None:
            yield (*at, "bands"), moves.bands


def _units(place: _Place, rule: Banded) -> Iterator[Finding]:
    """Find bounds that are not each other's conversion, within what both are rounded to."""
    told = (
        (at, severity, table) for at, bands in _tables(rule) for severity, table in bands.items()
    )
    for at, severity, table in told:
        for (one, bound), (other, partner) in combinations(table.items(), 2):
            where = (*at, str(severity), other)
            there = _there(bound.limit, one, other, rule.kind in _OF_CHANGES)
            if there is not None and abs(there - partner.limit) > _rounding(
                bound.limit, one, partner.limit, other
            ):
                text = f"{bound.limit} {one} is {there:.2f} {other}, not {partner.limit}"
                yield place.finding("error", f"{severity}: {text}", *where)
            elif there is not None and bound.sign != partner.sign:
                text = f"{bound.sign} in {one} but {partner.sign} in {other}"
                yield place.finding("note", f"{severity}: {text}", *where)
    yield from _margins(place, rule)


def _there(number: Decimal, unit: str, other: str, change: bool) -> Decimal | None:
    """Convert a value, or a change, which has no zero of its own."""
    there, zero = convert(number, unit, other), convert(Decimal(0), unit, other)
    if there is None or zero is None:
        return None
    return there - zero if change else there


def _margins(place: _Place, rule: Banded) -> Iterator[Finding]:
    for (one, margin), (other, partner) in combinations(rule.clear.margin.items(), 2):
        there = _there(margin, one, other, True)
        if there is not None and abs(there - partner) > _rounding(margin, one, partner, other):
            text = f"margin {margin} {one} is {there:.2f} {other}, not {partner}"
            yield place.finding("error", text, "clear", "margin", other)


def _rounding(number: Decimal, unit: str, partner: Decimal, other: str) -> Decimal:
    """Return half of the last digit of both, in the other's unit."""
    step, zero = convert(_step(number), unit, other), convert(Decimal(0), unit, other)
    return (abs((step or Decimal(0)) - (zero or Decimal(0))) + _step(partner)) / 2


def _step(number: Decimal) -> Decimal:
    exponent = number.as_tuple().exponent
    return Decimal(1).scaleb(min(0, exponent)) if isinstance(exponent, int) else Decimal(0)


def _unreachable(place: _Place, rule: Banded) -> Iterator[Finding]:
    """Find bands that no reading can fire, and episodes that no reading can end."""
    for unit in rule.units:
        tables = [(severity, table[unit]) for severity, table in rule.bands.items()]
        for (worse, bound), (mild, milder) in pairwise(tables):
            if milder.contains(bound):
                text = f"{mild} is never reached: {worse} begins at the same limit ({unit})"
                yield place.finding("error", text, "bands", str(mild), unit)
        yield from _out_of_range(place, rule, unit)


def _out_of_range(place: _Place, rule: Banded, unit: str) -> Iterator[Finding]:
    if rule.kind != "threshold" or rule.component not in _RANGES:
        return
    own, low, high = _RANGES[rule.component]
    ends = [convert(Decimal(end), own, unit) for end in (low, high)]
    if ends[0] is None or ends[1] is None:
        return
    for severity, table in rule.bands.items():
        bound = table[unit]
        if not any(bound.reached(end) for end in ends if end is not None):
            text = f"{severity} is never reached: {rule.component} is {low} to {high} {own}"
            yield place.finding("error", text, "bands", str(severity), unit)
    mildest, margin = list(rule.bands.values())[-1][unit], rule.clear.margin[unit]
    if all(mildest.held(end, margin) for end in ends if end is not None):
        text = f"no reading ends it: {mildest} with a margin of {margin} {unit} holds for all"
        yield place.finding("error", text, "clear", "margin", unit)


def _between(places: Sequence[_Place]) -> Iterator[Finding]:
    """Find what rules of one vital do to each other."""
    plain = [p for p in places if p.rule.kind == "threshold" and isinstance(p.rule, Banded)]
    for one, other in combinations(plain, 2):
        if one.rule.components == other.rule.components:
            yield from _overlap(one, other)
    yield from _gaps(places, plain)
    yield from _namesakes(places)


def _namesakes(places: Sequence[_Place]) -> Iterator[Finding]:
    """Find rules of one pack whose tasks are called alike."""
    for one, other in combinations(places, 2):
        for title in sorted(_called(one.rule) & _called(other.rule)):
            line = one.document.line(("rules", one.number))
            text = f"{title!r} is what {one.rule.key} (line {line}) is called, too"
            yield other.finding("warning", text, "title")


def _called(rule: Rule) -> frozenset[str]:
    return frozenset(map(rule.titled, _severities(rule))) or frozenset({rule.title})


def _overlap(one: _Place, other: _Place) -> Iterator[Finding]:
    first, second = one.rule, other.rule
    if not isinstance(first, Banded) or not isinstance(second, Banded):
        return
    line = one.document.line(("rules", one.number))
    for unit in set(first.units) & set(second.units):
        mild, milder = (list(rule.bands.values())[-1][unit] for rule in (first, second))
        if first.direction is second.direction:
            text = f"overlaps {first.key} (line {line}): one reading opens a task for each"
            yield other.finding("warning", text, "bands")
            return
        if _meet(mild, milder):
            text = f"overlaps {first.key} (line {line}): a value between fires both ({unit})"
            yield other.finding("error", text, "bands")
            return


def _meet(one: Bound, other: Bound) -> bool:
    """Tell whether some value reaches both: one that looks up and one that looks down."""
    up, down = (one, other) if one.direction is Direction.HIGH else (other, one)
    both = up.sign == ">=" and down.sign == "<="
    return up.limit < down.limit or (both and up.limit == down.limit)


def _gaps(places: Sequence[_Place], plain: Iterable[_Place]) -> Iterator[Finding]:
    """Find sides of a vital that no rule of the pack watches, and limits that leave a hole."""
    watched = {(name, p.rule.direction) for p in places for name in p.rule.components}
    for place in plain:
        rule = place.rule
        if not isinstance(rule, OneComponent) or rule.component in _BY_CHANGE:
            continue
        for side in Direction:
            pair = (rule.component, side)
            if pair not in watched and pair not in _ONE_SIDED:
                text = f"gap: no rule of this pack watches a {rule.component} that is too {side}"
                yield place.finding("note", text)
        yield from _hole(place)


def _hole(place: _Place) -> Iterator[Finding]:
    """Find what HI or LO means where that is milder than numbers short of it."""
    rule = place.rule
    beyond = getattr(rule, "beyond_range", None)
    if isinstance(rule, Banded) and beyond is not None and beyond > next(iter(rule.bands)):
        text = f"gap: beyond_range {beyond} has no effect, since it is milder than the worst band"
        yield place.finding("warning", text, "beyond_range")
