"""i-SENS CareSens meters: the Glucose Service, ketones among the glucose, and a thirteenth month.

Facts: tidepool-org/ble-glucose (month 13 is January), NightscoutFoundation/xDrip (a ketone result
is a glucose record whose context has meal 6; mg/dL / 10 is mmol/L of ketone; C0 03 01 00 and a Date
Time set the clock), i-SENS's sample for iOS (where: FFF1, in newer ones C4DEA3BC; 05 answers). A
ketone of 0.4 mmol/L would be a deadly 4 mg/dL of glucose, so:

- a record with meal 6 gives no glucose number;
- a record whose context was announced and did not come is questionable.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.codecs import date_time, glucose, glucose_context, glucose_reading
from device_profiles.codecs.findings import Finding, value, worst
from device_profiles.codecs.glucose_records import GlucoseRecords
from device_profiles.codes import TERMS
from device_profiles.gatt import (
    GLUCOSE_CONTEXT,
    GLUCOSE_MEASUREMENT,
    GLUCOSE_SERVICE,
    RECORD_ACCESS_CONTROL_POINT,
    sig,
)
from device_profiles.profile import Advertised, Group, Profile
from device_profiles.reading import Absent, Indication, Reading, Validity
from device_profiles.talk import SetClock, says

SERVICE: Final = "c4dea010-5a9d-11e9-8647-d663bd873d93"
CLOCKS: Final = (sig(0xFFF1), "c4dea3bc-5a9d-11e9-8647-d663bd873d93")
SET_TIME: Final = bytes.fromhex("c0030100")
MONTH: Final = 5  # where the month stands in a record
THIRTEENTH: Final = 13


def _repaired(indication: Indication) -> Indication:
    """Read month 13 as January. If it was another year's, timeline.py finds it too old."""
    octets = indication.octets
    wrong = indication.uuid == GLUCOSE_MEASUREMENT and octets[MONTH : MONTH + 1] == b"\x0d"
    if not wrong:
        return indication
    january = octets[:MONTH] + b"\x01" + octets[MONTH + 1 :]
    return Indication(uuid=indication.uuid, octets=january)


class _Records:
    """Joins records with their contexts after the month was put right, octets as they came."""

    def __init__(self) -> None:
        self._joined = GlucoseRecords()
        self._as_came: dict[Indication, list[Indication]] = {}

    def add(self, indication: Indication) -> Sequence[Group]:
        repaired = _repaired(indication)
        self._as_came.setdefault(repaired, []).append(indication)
        return self._restored(self._joined.add(repaired))

    def rest(self) -> Sequence[Group]:
        return self._restored(self._joined.rest())

    def _restored(self, groups: Sequence[Group]) -> Sequence[Group]:
        return [tuple(self._as_came[one].pop(0) for one in group) for group in groups]


def _readings(group: Group) -> tuple[Reading, ...]:
    repaired = tuple(map(_repaired, group))
    return tuple(
        _guarded(reading, repaired).model_copy(update={"octets": group})
        for reading in glucose_reading.readings(repaired)
    )


def _guarded(reading: Reading, group: Group) -> Reading:
    if "possible_ketone" in reading.flags:
        told = reading.values[0]
        nothing = value(TERMS[told.mdc], told.unit, Absent.SENTINEL)
        kept = tuple(flag for flag in reading.flags if not flag.startswith("glucose_"))
        return reading.model_copy(update={"values": (nothing,), "flags": kept})
    announced = glucose.decode(group[0].octets).context_follows
    if not announced or any(one.uuid == GLUCOSE_CONTEXT for one in group[1:]):
        return reading
    missing = Finding("context_missing", Validity.QUESTIONABLE)
    validity = worst((missing, Finding("as_before", reading.validity)))
    return reading.model_copy(
        update={"flags": (*reading.flags, missing.flag), "validity": validity}
    )


def _set_time(local: datetime) -> bytes:
    return SET_TIME + date_time.encode(local)


PROFILE: Final = Profile(
    key="caresens",
    name="Glucose meter",
    match=Advertised(GLUCOSE_SERVICE, "CareSens", manufacturer="i-SENS", model=r".*"),
    also=(Advertised(SERVICE),),
    read={
        GLUCOSE_MEASUREMENT: _readings,
        GLUCOSE_CONTEXT: glucose_context.readings,
    },
    subscribe=(GLUCOSE_MEASUREMENT, GLUCOSE_CONTEXT),
    records=RECORD_ACCESS_CONTROL_POINT,
    assemble=_Records,
    talk=says(*(SetClock(uuid, _set_time) for uuid in CLOCKS)),
    answers=CLOCKS,
    about=About(
        maker="i-SENS",
        models="CareSens N Premier, N Plus BT, Dual",
        pairing=Pairing.PASSKEY,
        notes=(
            "A ketone result is kept, and never shown as glucose.",
            "A thirteenth month is read as January.",
            "Its clock is set by the hub but cannot be read.",
        ),
        missing="ketone as a measure of its own",
        evidence=Evidence.DOCUMENTATION,
    ),
)
