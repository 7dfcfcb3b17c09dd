"""A continuous glucose sensor, CGMS 1.0.2: counts minutes since its session began, has no clock.

Each measurement is kept for RACP; one that is made while somebody listens is also told at once.
"""

import struct
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Final, Literal, Self

from pydantic import NaiveDatetime, model_validator

from device_profiles import gatt
from device_profiles.gatt import Uuid
from simulators.peripherals.gatt_table import (
    INVALID_LENGTH,
    AttError,
    Characteristic,
    Link,
    Service,
)
from simulators.peripherals.kind import Kind
from simulators.peripherals.octets import NO_DATE, crc16, date_time, sfloat
from simulators.peripherals.peripheral import World
from simulators.peripherals.reporter import RACP, Record, Reporter
from simulators.peripherals.spec import DeviceSpec, Measurement, Medfloat, Octet
from simulators.taken import Taken

TREND: Final = 1 << 15  # of CGM Feature
CRC: Final = 1 << 12
SAMPLE: Final = 0x59  # interstitial fluid, under the skin
RUN_TIME: Final = struct.pack("<H", 14 * 24)  # hours
UNKNOWN_ZONE: Final = bytes.fromhex("80ff")
# Warning octet: the result is lower or higher than the sensor can process.
BEYOND: Final = {"LO": 1 << 6, "HI": 1 << 7}


class Interstitial(Measurement):
    """One value in mg/dL, its trend in mg/dL per minute, and the octets of the annunciation."""

    glucose: Literal["HI", "LO"] | Medfloat
    trend: Medfloat | None = None
    status: Octet = 0
    calibration: Octet = 0
    warning: Octet = 0


class CgmSpec(DeviceSpec):
    """A sensor. `told`: somebody has told it before this run when its session began.

    `crc` adds the E2E-CRC to all that it says.
    """

    kind: Literal["cgm"]
    session_start: NaiveDatetime
    told: bool = True
    crc: bool = False
    measurements: tuple[Interstitial, ...] = ()

    @model_validator(mode="after")
    def _within_the_session(self) -> Self:
        if any(one.device_time < self.session_start for one in self.measurements):
            raise ValueError("a measurement before session_start")
        return self


def record(measured: Interstitial, minutes: int, *, crc: bool) -> bytes:
    """Return 2AA7: size, flags, glucose, minutes, annunciation, trend, checksum."""
    warning = measured.warning | BEYOND.get(str(measured.glucose), 0)
    annunciation = {7: measured.status, 6: measured.calibration, 5: warning}
    told = {bit: octet for bit, octet in annunciation.items() if octet}
    flags = sum(1 << bit for bit in told) | (measured.trend is not None)
    number = measured.glucose if isinstance(measured.glucose, Decimal) else Decimal(0)
    tail = bytes(told.values()) + (b"" if measured.trend is None else sfloat(measured.trend))
    size = 6 + len(tail) + 2 * crc
    body = struct.pack("<BB", size, flags) + sfloat(number) + struct.pack("<H", minutes) + tail
    return body + crc16(body) if crc else body


class Sensor(Reporter[Interstitial]):
    """Tells and takes the start of its session instead of the time."""

    service: ClassVar[Uuid] = gatt.CONTINUOUS_GLUCOSE_SERVICE
    model: ClassVar[str] = "Simulated Glucose Sensor"
    needed: ClassVar[frozenset[Uuid]] = frozenset({gatt.CGM_MEASUREMENT, RACP})
    shows_time: ClassVar[bool] = False

    def __init__(self, spec: CgmSpec, world: World) -> None:
        super().__init__(spec, spec.measurements, world)
        self._began, self._crc = spec.session_start, spec.crc
        self._told: datetime | None = self.clock.stamp(spec.session_start) if spec.told else None
        self._zone = UNKNOWN_ZONE

    def measurement_service(self) -> Service:
        """Return the Continuous Glucose Monitoring service."""
        bond = self.needs_bond
        return Service(
            self.service,
            (
                Characteristic(gatt.CGM_MEASUREMENT, ("notify",), bond),
                Characteristic(gatt.CGM_FEATURE, ("read",), bond),
                Characteristic(gatt.CGM_STATUS, ("read",), bond),
                Characteristic(gatt.CGM_SESSION_START_TIME, ("read", "write"), bond),
                Characteristic(gatt.CGM_SESSION_RUN_TIME, ("read",), bond),
                Characteristic(RACP, ("write", "indicate"), bond),
            ),
        )

    def values(self) -> dict[Uuid, bytes]:
        """Return what can be read."""
        bits = TREND | (CRC if self._crc else 0)
        feature = bits.to_bytes(3, "little") + bytes([SAMPLE])
        now = struct.pack("<H", self._minutes(self.clock.wall())) + bytes(3)
        return {
            **super().values(),
            gatt.CGM_FEATURE: feature + (crc16(feature) if self._crc else b"\xff\xff"),
            gatt.CGM_STATUS: self._sealed(now),
            gatt.CGM_SESSION_START_TIME: self._sealed(self._start_octets()),
            gatt.CGM_SESSION_RUN_TIME: self._sealed(RUN_TIME),
        }

    async def write(self, uuid: Uuid, octets: bytes) -> None:
        """Take the present time: the session began as long before it as the sensor has counted."""
        if uuid != gatt.CGM_SESSION_START_TIME:
            await super().write(uuid, octets)
            return
        self._touch()
        if len(octets) != 9 + 2 * self._crc or self._sealed(octets[:9]) != octets:
            raise AttError(INVALID_LENGTH)
        now = datetime(*struct.unpack_from("<HBBBBB", octets))  # noqa: DTZ001 - wall clock
        self._told, self._zone = now - (self.clock.wall() - self._began), octets[7:9]

    def take(self, measurement: Interstitial) -> None:
        """Measure once: the record goes into the memory."""
        minutes = self._minutes(measurement.device_time)
        octets = record(measurement, minutes, crc=self._crc)
        self.remember(Record(minutes, ((gatt.CGM_MEASUREMENT, octets),)))
        stamp = self.clock.stamp(measurement.device_time)
        home_time = measurement.device_time
        self._world.take_note(
            Taken(self.address, "cgm", gatt.CGM_MEASUREMENT, octets, stamp, home_time)
        )

    def measure(self, measurement: Interstitial) -> None:
        """Take a measurement now, and tell it at once to who listens."""
        super().measure(measurement)
        if gatt.CGM_MEASUREMENT in self._cccds:
            self._start(self._tell_newest)

    async def _tell_newest(self, link: Link) -> None:
        self._stay()
        for uuid, octets in self._memory[-1].values:
            await link.notify(uuid, octets)
        self._unreported = False
        self._delivered()

    def _minutes(self, at: datetime) -> int:
        return int((at - self._began) / timedelta(minutes=1)) & 0xFFFF

    def _start_octets(self) -> bytes:
        unknown = datetime.combine(NO_DATE, datetime.min.time())
        return date_time(self._told or unknown) + self._zone

    def _sealed(self, octets: bytes) -> bytes:
        return octets + crc16(octets) if self._crc else octets


KIND: Final = Kind(CgmSpec, Sensor, profile="generic_cgm")
