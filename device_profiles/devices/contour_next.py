"""Ascensia Contour Next One and Plus: the Glucose Service, and a clock of the maker's own.

Facts: weliem/blessed-kotlin (1026: 1, UTC date and time, offset in minutes), nRF Connect listings
(1026 can be written and indicates, but not be read). So the time of old records is not checked.
"""

import struct
from datetime import UTC, datetime, timedelta
from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.codecs import date_time, glucose_context, glucose_reading
from device_profiles.codecs.glucose_records import GlucoseRecords
from device_profiles.codecs.octets import Octets
from device_profiles.errors import DecodeError
from device_profiles.gatt import (
    GLUCOSE_CONTEXT,
    GLUCOSE_MEASUREMENT,
    GLUCOSE_SERVICE,
    RECORD_ACCESS_CONTROL_POINT,
)
from device_profiles.profile import Advertised, Profile, Told

SERVICE: Final = "00000000-0002-11e2-9e96-0800200c9a66"
CLOCK: Final = "00001026-0002-11e2-9e96-0800200c9a66"
SET_TIME: Final = 1


class _Clock:
    """UTC and the offset of the home, so that both times are right."""

    def decode(self, octets: bytes) -> Told:
        rest = Octets(octets)
        rest.take(1, "the kind")
        utc, minutes = date_time.take(rest, "the time"), rest.signed(2, "the offset")
        rest.end()
        local = date_time.later(utc, minutes)
        if local is None:
            raise DecodeError("the offset leads out of the calendar")
        return date_time.DateTime(local)

    def encode(self, local: datetime) -> bytes:
        minutes = (local.utcoffset() or timedelta(0)) // timedelta(minutes=1)
        utc = date_time.encode(local.astimezone(UTC))
        return bytes((SET_TIME,)) + utc + struct.pack("<h", minutes)


PROFILE: Final = Profile(
    key="contour_next",
    name="Glucose meter",
    match=Advertised(
        GLUCOSE_SERVICE, "Contour", manufacturer="Ascensia", model=r"(Contour.*|78\d\d.*)"
    ),
    also=(Advertised(SERVICE),),
    read={
        GLUCOSE_MEASUREMENT: glucose_reading.readings,
        GLUCOSE_CONTEXT: glucose_context.readings,
    },
    subscribe=(GLUCOSE_MEASUREMENT, GLUCOSE_CONTEXT),
    clock=CLOCK,
    clock_form=_Clock(),
    records=RECORD_ACCESS_CONTROL_POINT,
    assemble=GlucoseRecords,
    about=About(
        maker="Ascensia",
        models="Contour Next One, Contour Plus One",
        pairing=Pairing.PASSKEY,
        notes=("Its clock is set by the hub but cannot be read.",),
        evidence=Evidence.DOCUMENTATION,
    ),
)
