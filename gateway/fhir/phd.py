"""What HL7's PHD guide adds: the identifier of a measurement, addresses, the coincident time."""

import re
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from device_profiles.reading import DeviceTime
from gateway.fhir.resource import NOTHING, Narrowed, Sql, as_uuid
from gateway.fhir.systems import PHD_IDENTIFIER, PHD_SCHEME

# The draft's text: seconds since then. Its examples still show the digits of the calendar; so the
# number of the scheme stands beside the identifier.
EPOCH: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - a device's wall clock has no zone
SCHEME: Final = 1
EUI48: Final = re.compile(r"([0-9A-F]{2}:){5}[0-9A-F]{2}", re.IGNORECASE)
FORM: Final = re.compile(r"([0-9A-F]{12})-([0-9a-f-]{36})-(\d{1,10})-(-?\d{1,12})")


def eui48(address: str) -> str | None:
    """Return an address as the guide writes it: upper case, with dashes; None: it is no EUI-48."""
    return address.upper().replace(":", "-") if EUI48.fullmatch(address) else None


def wall(told: str | None) -> datetime | None:
    """Return what a device's clock showed; None where a part of the date is unknown."""
    try:
        return datetime.fromisoformat(told) if told else None
    except ValueError:
        return None


def identifiers(address: str, patient: object, mdc: int, told: str | None) -> list[dict[str, Any]]:
    """Return the identifier by which a measurement is one, however many gateways tell of it.

    `device-patient-type-timestamp`: the time is the device's own, never the corrected one.
    """
    device, at = eui48(address), wall(told)
    if device is None or at is None:
        return []
    seconds = int((at - EPOCH).total_seconds())
    value = f"{device.replace('-', '')}-{patient}-{mdc}-{seconds}"
    scheme = {"url": PHD_SCHEME, "valueInteger": SCHEME}
    return [{"extension": [scheme], "system": PHD_IDENTIFIER, "value": value}]


def by_identifier(value: str) -> Sql:
    """Return the condition by which the measurement of an identifier is found."""
    found = FORM.fullmatch(value)
    patient = as_uuid(found[2]) if found else None
    if found is None or patient is None:
        return NOTHING
    try:
        told = (EPOCH + timedelta(seconds=int(found[4]))).isoformat()
    except OverflowError:
        return NOTHING
    whole: Sql = ("(r.patient_id = %s AND r.device_time = %s)", [patient, told])
    sql = f"({whole[0]} AND o.part = %s AND replace(upper(d.address), ':', '') = %s)"
    return Narrowed.of((sql, [*whole[1], int(found[3]), found[1]]), whole)


def coincident(clock: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """Return what the device's clock said at a moment of the hub's; a time fault says nothing."""
    at = datetime.fromisoformat(clock["hub_time"]).astimezone(zone)
    shown = DeviceTime(**clock["device_time"]).wall()
    made: dict[str, Any] = {"effectiveDateTime": at.isoformat()}
    if shown is not None:
        # "The PHD and the PHG are always in the same time zone": the hub's offset is the device's.
        return made | {"valueDateTime": shown.replace(tzinfo=at.tzinfo).isoformat()}
    return made | {"dataAbsentReason": absent("unknown", "Sensor Time Fault")}


def absent(code: str, text: str | None = None) -> dict[str, Any]:
    """Return why there is no value."""
    from gateway.fhir.systems import ABSENT, concept

    return concept(ABSENT, code, text)
