"""A finding: why a rule holds, so that a person can check it without the program."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime

from alerting.model import Episode, Evidence, Severity
from alerting.units import written
from device_profiles.reading import Absent, Frozen, Validity

# An oximeter worn for an hour gives thousands; a person checks the newest, the rest is in rows.
SHOWN: Final = 100


class Finding(Frozen):
    """A rule that holds: which version, with which parameters, by which readings, in words.

    `readings` is how many there are; `evidence` shows the newest of them.
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


def explain(episodes: Sequence[Episode], zone: ZoneInfo) -> Finding:
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
        readings=len(evidence),
        evidence=evidence[-SHOWN:],
        sentence=sentence(last.rule.label, decisive(evidence), zone),
    )


def decisive(evidence: Sequence[Evidence]) -> Evidence:
    """Return the newest reading of the worst band, leaving out what came late where possible."""
    timely = [each for each in evidence if not each.late] or evidence
    top = min(each.severity for each in timely)
    return [each for each in timely if each.severity == top][-1]


def sentence(label: str, evidence: Evidence, zone: ZoneInfo) -> str:
    """Say it plainly: `Systolic 184 mmHg at 08:12 is at or above 180.`"""
    observation = evidence.observation
    if observation.number is not None:
        shown = f"{observation.number:f} {written(observation.unit)}"
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
