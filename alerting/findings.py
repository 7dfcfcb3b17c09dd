"""A finding: why a rule holds, so that a person can check it without the program."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime

from alerting.model import Episode, Evidence, Severity
from alerting.units import both, preferred
from device_profiles.reading import Absent, Frozen, Validity

# An oximeter worn for an hour gives thousands. A person checks what opened it, the worst and the
# newest; the rest is in rows, and what is written for each new reading stays small.
SHOWN: Final = 20

E = TypeVar("E")

# The unit that a reader wants, by quantity; a number is shown in it beside how it was measured.
Units = Mapping[str, str]
MEASURED: Final[Units] = MappingProxyType({})


class Finding(Frozen):
    """A rule that holds: which version, with which parameters, by which readings, in words.

    `readings` is how many there are; `evidence` shows what opened it, the worst and the newest.
    """

    rule_key: str
    rule_version: int
    parameters: dict[str, Any]
    severity: Severity
    peak: Severity
    since: AwareDatetime
    readings: int
    evidence: tuple[Evidence, ...]
    sentence: str


def explain(episodes: Sequence[Episode], zone: ZoneInfo, units: Units = MEASURED) -> Finding:
    """Explain the episodes of one alert, oldest first, in the patient's local time."""
    last = episodes[-1]
    evidence = tuple(each for episode in episodes for each in episode.evidence)
    return Finding(
        rule_key=last.rule.key,
        rule_version=last.rule.version,
        parameters=last.rule.model_dump(mode="json"),
        severity=last.severity,
        peak=min(episode.peak for episode in episodes),
        since=evidence[0].observation.measured_at,
        readings=sum(len(episode.evidence) + episode.earlier for episode in episodes),
        evidence=shown(evidence, _urgency),
        sentence=sentence(last.rule.label, decisive(evidence), zone, units),
    )


def shown(evidence: Sequence[E], urgency: Callable[[E], tuple[bool, str]]) -> tuple[E, ...]:
    """Return the first, the most urgent and the newest, in their order."""
    newest_first = range(len(evidence) - 1, -1, -1)
    most = min(newest_first, key=lambda n: urgency(evidence[n]), default=0)
    kept = {0, most, *range(max(0, len(evidence) - SHOWN), len(evidence))}
    return tuple(each for n, each in enumerate(evidence) if n in kept)


def decisive(evidence: Sequence[Evidence]) -> Evidence:
    """Return the newest reading of the worst band, leaving out what came late where possible."""
    most = min(map(_urgency, evidence))
    return [each for each in evidence if _urgency(each) == most][-1]


def _urgency(evidence: Evidence) -> tuple[bool, str]:
    return evidence.late, evidence.severity


def sentence(label: str, evidence: Evidence, zone: ZoneInfo, units: Units = MEASURED) -> str:
    """Say it plainly: `Systolic 184 mmHg at 08:12 is at or above 180.`"""
    observation = evidence.observation
    if observation.number is not None:
        wanted = preferred(observation.unit, units)
        shown = both(observation.number, observation.unit, wanted)
    else:
        shown = (observation.absent or Absent.SENTINEL).value
    doubt = ""
    if observation.validity is Validity.QUESTIONABLE:
        doubt = " (questionable, to be measured again)"
    when = _when(observation.measured_at, observation.stored_at, zone)
    return f"{label} {shown}{doubt} {when} {evidence.reason}."


def _when(measured: datetime, stored: datetime, zone: ZoneInfo) -> str:
    """Return the local time, with its date where the reading came on another day."""
    local = measured.astimezone(zone)
    if local.date() == stored.astimezone(zone).date():
        return f"at {local:%H:%M}"
    return f"at {local:%H:%M} on {local:%Y-%m-%d}"
