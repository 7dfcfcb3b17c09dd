"""What a rule found in many patients' history, as columns: its episodes and their evidence."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from alerting.columns import NONE, Codes, Ints, Mask, micros
from alerting.model import Episode, Rule

# No end yet.
OPEN: Final = -(2**62)


@dataclass(frozen=True, slots=True)
class Evidences:
    """Readings for which a rule held: the row of their episode, when a hub had them (`seen`)."""

    episode: Ints
    at: Ints
    seen: Ints
    severity: Codes
    late: Mask


@dataclass(frozen=True, slots=True)
class Found:
    """Episodes of one rule, by patient and time. `timely` is the worst band that came in time.

    Without one (NONE) an episode opens nothing. `high` and `low` name the reading that began it.
    """

    rule: Rule
    patient: NDArray[np.int32]
    since: Ints
    high: NDArray[np.uint64]
    low: NDArray[np.uint64]
    severity: Codes
    peak: Codes
    timely: Codes
    readings: Ints
    closed_at: Ints
    evidence: Evidences

    def __len__(self) -> int:
        return len(self.since)

    @property
    def opens(self) -> Mask:
        """Tell which episodes are alerts: those with a reading that came in time."""
        opened: Mask = self.timely != NONE
        return opened


def code(severity: str) -> int:
    """Return a severity as a code: P1 is 1."""
    return int(severity[1])


def of_episodes(rule: Rule, patients: Sequence[int], found: Sequence[Sequence[Episode]]) -> Found:
    """Return what a step-by-step evaluation said, in the same form."""
    rows = [(patient, each) for patient, some in zip(patients, found, strict=True) for each in some]
    evidence = [(n, e) for n, (_, episode) in enumerate(rows) for e in episode.evidence]
    firsts = [episode.opened_by.observation for _, episode in rows]
    return Found(
        rule=rule,
        patient=np.array([patient for patient, _ in rows], np.int32),
        since=_ints(micros(first.measured_at) for first in firsts),
        high=np.array([first.reading_id.int >> 64 for first in firsts], np.uint64),
        low=np.array([first.reading_id.int & (2**64 - 1) for first in firsts], np.uint64),
        severity=_codes(code(episode.severity) for _, episode in rows),
        peak=_codes(code(episode.peak) for _, episode in rows),
        timely=_codes(
            min((code(e.severity) for e in episode.evidence if not e.late), default=NONE)
            for _, episode in rows
        ),
        readings=_ints(len(episode.evidence) for _, episode in rows),
        closed_at=_ints(
            micros(episode.closed_at) if episode.closed_at else OPEN for _, episode in rows
        ),
        evidence=Evidences(
            episode=_ints(n for n, _ in evidence),
            at=_ints(micros(e.observation.measured_at) for _, e in evidence),
            seen=_ints(micros(e.observation.received_at) for _, e in evidence),
            severity=_codes(code(e.severity) for _, e in evidence),
            late=np.array([e.late for _, e in evidence], np.bool_),
        ),
    )


def joined(rule: Rule, parts: Sequence[Found]) -> Found:
    """Return several as one, in order of patients; a patient is in one of them only."""
    if len(parts) == 1:
        return parts[0]
    before = np.cumsum([0, *(len(part) for part in parts)])
    names = [f.name for f in fields(Found) if f.name not in ("rule", "evidence")]
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in names
    }
    order = np.lexsort((columns["since"], columns["patient"]))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    told: dict[str, Any] = {
        f.name: np.concatenate([getattr(part.evidence, f.name) for part in parts])
        for f in fields(Evidences)
    }
    shifted = np.concatenate([p.evidence.episode + n for p, n in zip(parts, before, strict=False)])
    told["episode"] = place[shifted] if len(place) else shifted
    by = np.argsort(told["episode"], kind="stable")
    return Found(
        rule=rule,
        **{name: column[order] for name, column in columns.items()},
        evidence=Evidences(**{name: column[by] for name, column in told.items()}),
    )


def _ints(values: Any) -> Ints:
    return np.fromiter(values, np.int64)


def _codes(values: Any) -> Codes:
    return np.fromiter(values, np.int8)
