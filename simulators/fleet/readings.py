"""What the hubs tell: measurements of virtual patients as the readings that a hub makes of them.

Octets are written by the simulated devices' own hands, the reading beside them from the sample:
no decoder takes part. Nothing is checked on the way: the gateway does that, and the tests.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import cycle, islice
from typing import Any, Final
from uuid import UUID

from device_profiles import codes, gatt
from device_profiles.codes import Term
from device_profiles.reading import DeviceTime, Indication, Kind, Reading, Validity, Value
from device_profiles.timeline import Basis
from device_profiles.wire.body import Arrival, ReadingBody
from simulators.fleet.home import PROFILES
from simulators.peripherals import cuff, glucose_octets, oximeter, scale, thermometer
from simulators.sample import BLOOD_PRESSURE, GLUCOSE, OXYGEN, TEMPERATURE, WEIGHT, Sample
from simulators.vitals.conditions import CONDITIONS
from simulators.vitals.patient import VirtualPatient

# Enough that neighbours differ; hubs share them, each beginning somewhere else.
PATIENTS: Final = 48
DAYS: Final = 60
FIRST: Final = date(2026, 1, 1)
# Half of what makes the gateway ask whose a weight is.
NEAR_KG: Final = Decimal("2.5")

TERMS: Final[dict[tuple[str, str], Term]] = {
    (BLOOD_PRESSURE, "systolic"): codes.SYSTOLIC,
    (BLOOD_PRESSURE, "diastolic"): codes.DIASTOLIC,
    (BLOOD_PRESSURE, "pulse"): codes.PULSE_CUFF,
    (GLUCOSE, "glucose"): codes.GLUCOSE_CAPILLARY_BLOOD,
    (OXYGEN, "spo2"): codes.SPO2,
    (OXYGEN, "pulse"): codes.PULSE_OXIMETER,
    (TEMPERATURE, "temperature"): codes.TEMPERATURE,
    (WEIGHT, "weight"): codes.WEIGHT,
}
CHARACTERISTIC: Final = {
    BLOOD_PRESSURE: gatt.BLOOD_PRESSURE_MEASUREMENT,
    GLUCOSE: gatt.GLUCOSE_MEASUREMENT,
    OXYGEN: gatt.PLX_SPOT_CHECK,
    TEMPERATURE: gatt.TEMPERATURE_MEASUREMENT,
    WEIGHT: gatt.WEIGHT_MEASUREMENT,
}


def series(seed: int, hubs: int) -> list[list[Sample]]:
    """Return the series of the virtual patients, conditions in turn; each is usable as a whole."""
    conditions = cycle(CONDITIONS)
    found = [
        VirtualPatient(f"fleet-{number}", seed, next(conditions)).samples(FIRST, DAYS)
        for number in range(min(hubs, PATIENTS))
    ]
    return [_one_person(sample for sample in samples if _numbers(sample)) for samples in found]


def _one_person(samples: Iterable[Sample]) -> list[Sample]:
    """Leave out weights of later weeks: told within minutes, they would be somebody else's."""
    kept: list[Sample] = []
    first: Decimal | None = None
    for sample in samples:
        if sample.kind == WEIGHT:
            weight = Decimal(sample.values["weight"].number)
            first = weight if first is None else first
            if abs(weight - first) > NEAR_KG:
                continue
        kept.append(sample)
    return kept


def samples_of(all_series: Sequence[Sequence[Sample]], number: int) -> Iterator[Sample]:
    """Return the endless series of one hub: a patient's, begun somewhere of its own."""
    samples = all_series[number % len(all_series)]
    start = (number // len(all_series)) * 7 % len(samples)
    return islice(cycle(samples), start, None)


def body(
    sample: Sample, device: UUID, session: UUID, order: int, wall: datetime, now: datetime
) -> ReadingBody:
    """Return what a hub seals: measured at `wall` by the device's clock, received just now.

    `wall` must differ between readings of one device: its stamp is part of what it is.
    """
    arrival = Arrival.model_construct(
        device=device,
        profile=PROFILES[sample.kind],
        session=session,
        order=order,
        received_at=now,
    )
    return ReadingBody.model_construct(
        arrival=arrival,
        reading=_reading(sample, order, wall),
        measured_at=wall,
        basis=Basis.DEVICE_CLOCK,
        decoded_at=now,
    )


def _reading(sample: Sample, sequence: int, wall: datetime) -> Reading:
    stamp = wall.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    octets = _octets(sample, sequence, stamp)
    return Reading.model_construct(
        kind=Kind(sample.kind),
        values=tuple(
            Value.model_construct(
                mdc=TERMS[sample.kind, name].mdc, unit=one.unit, number=Decimal(one.number)
            )
            for name, one in sample.values.items()
        ),
        validity=Validity.VALID,
        octets=(Indication.model_construct(uuid=CHARACTERISTIC[sample.kind], octets=octets),),
        device_time=DeviceTime.model_construct(
            year=stamp.year,
            month=stamp.month,
            day=stamp.day,
            hour=stamp.hour,
            minute=stamp.minute,
            second=stamp.second,
        ),
        sequence=sequence & 0xFFFF if sample.kind == GLUCOSE else None,
    )


def _octets(sample: Sample, sequence: int, stamp: datetime) -> bytes:
    numbers: dict[str, Any] = {name: Decimal(one.number) for name, one in sample.values.items()}
    match sample.kind:
        case "blood_pressure":
            return cuff.octets(cuff.Pressure.model_construct(device_time=stamp, **numbers), stamp)
        case "glucose":
            glucose = glucose_octets.Glucose.model_construct(
                device_time=stamp, glucose=numbers["glucose"]
            )
            return glucose_octets.measurement(glucose, sequence & 0xFFFF, stamp)
        case "oxygen":
            return oximeter.spot_check(
                oximeter.Oxygen.model_construct(device_time=stamp, **numbers), stamp
            )
        case "temperature":
            warmth = thermometer.Temperature.model_construct(device_time=stamp, **numbers)
            return thermometer.octets(warmth, stamp)
        case _:
            return scale.octets(scale.Weight.model_construct(device_time=stamp, **numbers), stamp)


def _numbers(sample: Sample) -> bool:
    """HI and LO have no number; the fleet leaves them out."""
    return all(isinstance(amount.number, Decimal) for amount in sample.values.values())
