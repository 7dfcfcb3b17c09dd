"""Many patients' history as columns, made from observations, and given back one by one."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from alerting.columns import LARGEST, Columns, Mask, absence, micros, scaled
from alerting.model import TAKES_PART, Observation
from device_profiles.reading import Validity

_LOW: Final = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Series:
    """Histories from `begin` to `end` (microseconds). Patients are numbered as in `patients`.

    `apart` are components of patients some of whose numbers do not fit into columns: all that was
    measured of them, to be judged one by one.
    """

    patients: Sequence[str]
    begin: int
    end: int
    components: Mapping[str, Columns]
    apart: Mapping[tuple[str, int], Sequence[Observation]] = field(default_factory=dict)

    @property
    def days(self) -> float:
        """Return how long it is."""
        return (self.end - self.begin) / 86_400_000_000

    @property
    def values(self) -> int:
        """Return how many values there are."""
        return sum(map(len, self.components.values())) + sum(map(len, self.apart.values()))

    def people(self, names: Iterable[str], wanted: Mask) -> Iterator[tuple[int, list[Observation]]]:
        """Return each wanted patient that measured some of the components, with all of theirs."""
        known = [name for name in dict.fromkeys(names) if name in self.components]
        if not wanted.any():
            return
        slices = {name: _slices(self.components[name]) for name in known}
        apart = {patient for name, patient in self.apart if name in known}
        for patient in (p for p in sorted(apart.union(*slices.values())) if wanted[p]):
            seen = [
                self.components[name].observation(row, name)
                for name in known
                for row in slices[name].get(patient, ())
            ]
            for name in known:
                seen.extend(self.apart.get((name, patient), ()))
            yield patient, seen


def _slices(columns: Columns) -> dict[int, range]:
    """Return the rows of each patient."""
    who, starts = np.unique(columns.patient, return_index=True)
    limits = [*starts.tolist(), len(columns)]
    return {int(p): range(limits[n], limits[n + 1]) for n, p in enumerate(who)}


def collect(
    people: Mapping[str, Iterable[Observation]], begin: int | None = None, end: int | None = None
) -> Series:
    """Return histories of people by pseudonymous id."""
    rows: dict[str, list[tuple[int, Observation]]] = defaultdict(list)
    apart: dict[tuple[str, int], list[Observation]] = {}
    moments: list[int] = []
    for number, observations in enumerate(people.values()):
        mine: dict[str, list[Observation]] = defaultdict(list)
        for each in observations:
            moments.append(micros(each.measured_at))
            if each.validity in TAKES_PART:
                mine[each.component].append(each)
        for name, some in mine.items():
            rows[name]  # so that the component is known
            if all(map(_fits, some)):
                rows[name].extend((number, each) for each in some)
            else:
                apart[name, number] = some
    return Series(
        patients=tuple(people),
        begin=min(moments, default=0) if begin is None else begin,
        end=max(moments, default=0) + 1 if end is None else end,
        components={name: columns_of(some) for name, some in rows.items()},
        apart=apart,
    )


def _fits(each: Observation) -> bool:
    number = 0 if each.number is None else scaled(each.number)
    return number is not None and abs(number) < LARGEST


def columns_of(rows: Sequence[tuple[int, Observation]]) -> Columns:
    """Return one component's observations, with the number of their patient, as columns."""
    units = tuple(dict.fromkeys(each.unit for _, each in rows))
    flags = tuple(dict.fromkeys([frozenset[str](), *(each.flags for _, each in rows)]))
    seen = [each for _, each in rows]
    ats = [micros(each.measured_at) for each in seen]

    def column(values: Iterable[Any], kind: Any) -> Any:
        return np.fromiter(values, kind, len(rows))

    return Columns(
        patient=column((patient for patient, _ in rows), np.int32),
        at=column(ats, np.int64),
        high=column((each.reading_id.int >> 64 for each in seen), np.uint64),
        low=column((each.reading_id.int & _LOW for each in seen), np.uint64),
        ordinal=column((each.ordinal for each in seen), np.int16),
        delay=column(
            (micros(e.received_at) - at for e, at in zip(seen, ats, strict=True)), np.int64
        ),
        unit=column((units.index(each.unit) for each in seen), np.int8),
        number=column(
            (scaled(each.number) or 0 if each.number is not None else 0 for each in seen), np.int64
        ),
        absent=column((absence(each) for each in seen), np.int8),
        questionable=column((e.validity is Validity.QUESTIONABLE for e in seen), np.bool_),
        flags=column((flags.index(each.flags) for each in seen), np.int16),
        offset=column((each.utc_offset.total_seconds() for each in seen), np.int32),
        units=units or ("",),
        flag_sets=flags,
    ).in_order()
