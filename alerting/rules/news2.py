"""Kind `news2`: the partial NEWS2 of the latest vital signs, told with what is missing.

Every reading of a vital sign is judged, with the latest of the others. A value older than 12 h is
missing, and a missing one is never taken for normal: the score is what is certain.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from alerting.bands import in_one_of
from alerting.bounds import Bound
from alerting.fold import Judged
from alerting.model import Direction, Fact, Observation, Problem, Rule, Severity
from alerting.moments import Moment, moments
from alerting.news2 import Parameter, Partial, Risk, Scale, Vitals, partial
from alerting.rules import Kind, concerned
from alerting.units import written
from alerting.words import Said
from device_profiles.codes import CELSIUS, MMHG, PER_MINUTE, PERCENT
from device_profiles.reading import Frozen

MEASURED: Final[Mapping[Parameter, str]] = {
    Parameter.RESPIRATION: PER_MINUTE,
    Parameter.SPO2: PERCENT,
    Parameter.SYSTOLIC: MMHG,
    Parameter.PULSE: PER_MINUTE,
    Parameter.TEMPERATURE: CELSIUS,
}
_NAMES: Final = {
    Parameter.RESPIRATION: "respiration",
    Parameter.SPO2: "SpO2",
    Parameter.OXYGEN: "oxygen",
    Parameter.SYSTOLIC: "systolic pressure",
    Parameter.PULSE: "pulse",
    Parameter.CONSCIOUSNESS: "consciousness",
    Parameter.TEMPERATURE: "temperature",
}
_RISKS: Final = {
    Risk.LOW: "low",
    Risk.LOW_MEDIUM: "low-medium",
    Risk.MEDIUM: "medium",
    Risk.HIGH: "high",
}

On = Literal["score", "single"]


class ClearScore(Frozen):
    """How far back the score, and how many readings running, before an episode is over."""

    margin: Annotated[int, Field(ge=0, le=5)] = 0
    readings: Annotated[int, Field(ge=1, le=10)] = 2


class News2(Rule):
    """Bounds per severity on the score, or on the points of any single parameter.

    `scale` 2 and `on_oxygen` only where a clinician has set them for the patient.
    """

    kind: Literal["news2"] = "news2"
    bands: Annotated[
        dict[Severity, Annotated[dict[On, Bound], Field(min_length=1)]], Field(min_length=1)
    ]
    clear: ClearScore = ClearScore()
    scale: Scale = 1
    on_oxygen: bool | None = None
    within: Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(days=2))] = timedelta(hours=12)

    @field_validator("bands")
    @classmethod
    def _worst_first(
        cls, bands: dict[Severity, dict[On, Bound]]
    ) -> dict[Severity, dict[On, Bound]]:
        return dict(sorted(bands.items()))

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        bounds = [bound for table in self.bands.values() for bound in table.values()]
        if self.direction is not Direction.HIGH or any(b.direction != "high" for b in bounds):
            raise ValueError("a NEWS2 is worse the higher it is: direction high, bounds >= or >")
        for on in ("score", "single"):
            same = [table[on] for table in self.bands.values() if on in table]
            if any(not worse.contains(mild) for worse, mild in pairwise(same)):
                raise ValueError("a worse band must lie further out than a milder one")
        return self

    @property
    def components(self) -> tuple[str, ...]:
        """See `Rule`."""
        return tuple(MEASURED)

    @property
    def looks_back(self) -> timedelta:
        """See `Rule`."""
        return self.within

    @property
    def clear_after(self) -> int:
        """See `Rule`."""
        return self.clear.readings


def judge(rule: News2, observations: Sequence[Observation], since: datetime) -> Iterator[Judged]:
    """See `Kind`."""
    for moment in moments(observations, since):
        own = [each for each in moment.own if _number(each) is not None]
        if own:
            yield _judge(rule, moment, own)


def _judge(rule: News2, moment: Moment, own: Sequence[Observation]) -> Judged:
    used = _used(rule, moment)
    numbers = {p: number for p, each in used.items() if (number := _number(each)) is not None}
    scored = partial(Vitals(numbers, rule.on_oxygen, scale=rule.scale))
    most = max(own, key=lambda each: (scored.points[Parameter(each.component)].least, each.order))
    fired = next((band for band in rule.bands if _reached(rule, band, scored, 0)), None)
    margin = rule.clear.margin
    held = next((band for band in rule.bands if _reached(rule, band, scored, margin)), None)
    basis = sorted({each.reading_id for each in used.values()} - {most.reading_id}, key=str)
    said = _reason(Parameter(most.component), scored)
    return Judged(most, fired, held, said, _facts(scored, used), tuple(basis))


def _used(rule: News2, moment: Moment) -> dict[Parameter, Observation]:
    """Return the latest values; of one reading's two values the one that is worse."""
    found: dict[Parameter, Observation] = {}
    for parameter in MEASURED:
        values = [v for v in moment.within(parameter, rule.within) if _number(v) is not None]
        if values:
            found[parameter] = max(values, key=lambda v: (_points(rule, v), v.order))
    return found


def _points(rule: News2, value: Observation) -> int:
    number = _number(value) or Decimal(0)
    alone = Vitals({Parameter(value.component): number}, rule.on_oxygen, scale=rule.scale)
    return partial(alone).most


def _number(value: Observation) -> Decimal | None:
    found = in_one_of((MEASURED[Parameter(value.component)],), value)
    return found[0] if found else None


def _reached(rule: News2, band: Severity, scored: Partial, margin: int) -> bool:
    told = {"score": Decimal(scored.score), "single": Decimal(scored.single)}
    return any(
        bound.held(told[on], Decimal(margin if on == "score" else 0))
        for on, bound in rule.bands[band].items()
    )


def _reason(newest: Parameter, scored: Partial) -> Said:
    name = Said.of(_NAMES[newest])
    named = scored.risk if scored.risk is not None else scored.least_risk
    risk = Said.of(_RISKS[named])
    if not scored.missing:
        return Said.of(
            "({name}) makes NEWS2 {score}, risk {risk}",
            name=name,
            score=str(scored.score),
            risk=risk,
        )
    certain = scored.risk is not None
    return Said.of(
        "({name}) makes partial NEWS2 {score}, {known} of 7, range {score} to {most}; "
        "risk {risk}; missing: {missing}",
        name=name,
        score=str(scored.score),
        known=str(scored.known),
        most=str(scored.most),
        risk=risk if certain else Said.of("at least {risk}", risk=risk),
        missing=_listed([Said.of(_NAMES[parameter]) for parameter in scored.missing]),
    )


def _listed(words: Sequence[Said]) -> Said:
    said = words[0]
    for word in words[1:]:
        said = Said.of("{first}, {next}", first=said, next=word)
    return said


def _facts(scored: Partial, used: Mapping[Parameter, Observation]) -> tuple[Fact, ...]:
    measured = (
        Fact(name=_NAMES[p], value=f"{each.number:f}", unit=written(each.unit))
        for p, each in used.items()
    )
    points = (
        Fact(name=f"points for {_NAMES[p]}", value=str(each.least))
        for p, each in scored.points.items()
    )
    return (*measured, *points)


def problems(rule: News2, observations: Iterable[Observation]) -> tuple[Problem, ...]:
    """Return the readings whose unit does not convert to the chart's."""
    return tuple(
        Problem(
            rule_key=rule.key,
            rule_version=rule.version,
            reading_id=each.reading_id,
            reason=f"NEWS2 has no unit {each.unit}",
        )
        for each in concerned(rule.components, observations)
        if each.number is not None and _number(each) is None
    )


def lint(rule: News2) -> tuple[str, ...]:
    """Return what a rule's author should mend."""
    known = 4 + (rule.on_oxygen is not None)
    most = {"score": 3 * 4 + 2 * (rule.on_oxygen is True), "single": 3}
    out = [
        f"{band}: {on} {bound.written()} is out of reach with {known} of 7"
        for band, table in rule.bands.items()
        for on, bound in table.items()
        if not bound.reached(Decimal(most[on]))
    ]
    return tuple(out)


KIND: Final = Kind("news2", News2, judge, lint, problems)
