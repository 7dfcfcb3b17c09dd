"""HOME.json: the devices of one simulated home and what they will measure, checked strictly."""

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NaiveDatetime,
    ValidationError,
    model_validator,
)

from simulators.peripherals.octets import sfloat


class HomeFileBroken(Exception):
    """The home file cannot be used; the text says where and why, in one line."""


def _representable(number: Decimal) -> Decimal:
    sfloat(number)
    return number


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name} is no time zone; write it like Europe/Berlin") from None
    return name


def _upper(address: object) -> object:
    return address.upper() if isinstance(address, str) else address


Octet = Annotated[int, Field(ge=0, le=0xFF)]
Word = Annotated[int, Field(ge=0, le=0xFFFF)]
Nibble = Annotated[int, Field(ge=0, le=0xF)]
Medfloat = Annotated[Decimal, AfterValidator(_representable)]
Address = Annotated[str, BeforeValidator(_upper), Field(pattern=r"^([0-9A-F]{2}:){5}[0-9A-F]{2}$")]


class Strict(BaseModel):
    """A part of the file: unknown keys refused, never changed after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Measurement(Strict):
    """What one measurement of any device has.

    `device_time` is the wall clock of the home; the device stamps it with the error that its own
    clock has at that moment. `after_s` counts from the start of the simulator.
    """

    after_s: float = Field(default=0, ge=0)
    device_time: NaiveDatetime


class Pressure(Measurement):
    """One blood pressure; `map` is the mean arterial pressure."""

    systolic: Medfloat
    diastolic: Medfloat
    map: Medfloat | None = None
    unit: Literal["mmHg", "kPa"] = "mmHg"
    pulse: Medfloat | None = None
    user: Octet | None = None
    status: Word | None = None


class Context(Strict):
    """What the user told the meter about a measurement (2A34)."""

    meal: Annotated[int, Field(ge=1, le=5)] | None = None  # 1 before, 2 after, 3 fasting, ...
    carbohydrate: Annotated[int, Field(ge=1, le=7)] | None = None
    carbohydrate_g: Decimal | None = None
    tester: Nibble | None = None
    health: Nibble | None = None

    @model_validator(mode="after")
    def _in_pairs(self) -> Self:
        if (self.carbohydrate is None) != (self.carbohydrate_g is None):
            raise ValueError("carbohydrate and carbohydrate_g belong together")
        if (self.tester is None) != (self.health is None):
            raise ValueError("tester and health belong together")
        return self


class Glucose(Measurement):
    """One glucose value; HI and LO are results outside what the meter can measure."""

    glucose: Literal["HI", "LO"] | Decimal
    unit: Literal["mg/dL", "mmol/L"] = "mg/dL"
    offset_min: Annotated[int, Field(ge=-32768, le=32767)] | None = None
    sample: Nibble = 1  # capillary whole blood; 10 is control solution
    location: Nibble = 1  # finger
    status: Word | None = None
    context: Context | None = None

    @model_validator(mode="after")
    def _fits_medfloat(self) -> Self:
        if isinstance(self.glucose, Decimal):
            sfloat(self.glucose)
        return self


class Oxygen(Measurement):
    """One spot check (2A5E); `continuous` is a live value (2A5F), which no device keeps."""

    spo2: Medfloat
    pulse: Medfloat
    continuous: bool = False
    status: Word | None = None
    device_status: Annotated[int, Field(ge=0, le=0xFFFFFF)] | None = None


class Behaviour(Strict):
    """How a device acts; every field is a switch that stays the same for the whole run.

    Nothing here is left to chance: the same switches give the same octets in the same order.

    `early_indication`: indicates so many seconds after the connection, subscribed or not. BlueZ
    confirms, and what nobody listens to is lost. Bonded devices that remember their subscription
    do so. `before_reply`: the first values come before the answer to the subscription.
    `request_s`: how long each read, write and subscription takes on the air.
    `resend`: tells its whole memory again in every connection (cuffs and oximeters; a meter does
    so by itself when it is asked for all).
    `abort_connects`: so many connections end at once with le-connection-abort-by-local, as radio
    interference does. `in_progress`: so many Connect calls find an older attempt pending, until
    the adapter is powered off. `hang_up_after_records`: ends each connection after so many records.
    `lose_bond`: forgets the bond after `lose_bond_after` connections, on the device's side or on
    the hub's. A device whose bond the hub has lost refuses a new one until it is told to pair.
    `no_answer_to_read`: ReadValue stays without an answer and the link ends later (BlueZ 5.66).
    `clock`: `reset` begins on 1 January 2017 as after a change of batteries, `year_0` has no date
    at all; both until somebody sets it. `clock_locked`: it refuses to be set.
    Several users are the `user` of each measurement; what happens to the hub's own Bluetooth is
    in `Bluetooth`.
    """

    window_s: float = Field(default=60, gt=0)  # advertises so long after a measurement
    again_s: float = Field(default=60, ge=0)  # then silent so long while something waits
    pairing_s: float = Field(default=0, ge=0)  # advertises so long after the start, to be paired
    hang_up_s: float = Field(default=2, ge=0)  # after the last delivery
    idle_s: float = Field(default=15, gt=0)  # after the last request, with nothing delivered
    bond: bool = False  # refuses unencrypted access even without a pin
    confirm: bool = False  # Just Works asks the agent RequestConfirmation
    gap_s: float = Field(default=0, ge=0)  # between two notifications of a burst
    early_indication: float | None = Field(default=None, ge=0)
    before_reply: bool = False
    request_s: float = Field(default=0, ge=0)
    resend: bool = False
    abort_connects: int = Field(default=0, ge=0)
    in_progress: int = Field(default=0, ge=0)
    hang_up_after_records: int | None = Field(default=None, ge=1)
    lose_bond: Literal["device", "hub"] | None = None
    lose_bond_after: int = Field(default=1, ge=1)
    no_answer_to_read: bool = False
    clock: Literal["runs", "reset", "year_0"] = "runs"
    clock_locked: bool = False


class Bluetooth(Strict):
    """How the hub's own Bluetooth acts, in seconds after the start.

    `silent_at_s`: from then on the adapter hears no advertisement, without an error, until it is
    powered off and on. `restart_at_s`: bluetoothd ends and comes back after `restart_s`; bonds
    stay.
    """

    silent_at_s: tuple[Annotated[float, Field(ge=0)], ...] = ()
    restart_at_s: tuple[Annotated[float, Field(ge=0)], ...] = ()
    restart_s: float = Field(default=0.5, ge=0)


class DeviceSpec(Strict):
    """What all devices have."""

    address: Address
    name: str = Field(min_length=1, max_length=29)  # what fits into an advertisement
    clock_error_s: float = 0
    pin: Annotated[str, Field(pattern=r"^\d{6}$")] | None = None
    battery: Annotated[int, Field(ge=0, le=100)] = 100
    behaviour: Behaviour = Behaviour()


class CuffSpec(DeviceSpec):
    """A blood pressure monitor."""

    kind: Literal["cuff"]
    measurements: tuple[Pressure, ...] = ()


class GlucometerSpec(DeviceSpec):
    """A blood glucose meter; records are numbered from `first_sequence`."""

    kind: Literal["glucometer"]
    first_sequence: Word = 1
    measurements: tuple[Glucose, ...] = ()


class OximeterSpec(DeviceSpec):
    """A pulse oximeter."""

    kind: Literal["oximeter"]
    measurements: tuple[Oxygen, ...] = ()


Spec = Annotated[CuffSpec | GlucometerSpec | OximeterSpec, Field(discriminator="kind")]


class HomeFile(Strict):
    """One home: one process, one bus."""

    seed: int
    zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    bluetooth: Bluetooth = Bluetooth()
    devices: tuple[Spec, ...]

    @model_validator(mode="after")
    def _addresses_differ(self) -> Self:
        often = Counter(device.address for device in self.devices).most_common(1)
        if often and often[0][1] > 1:
            raise ValueError(f"the address {often[0][0]} is used more than once")
        return self

    @property
    def timezone(self) -> ZoneInfo:
        """Return the home's zone."""
        return ZoneInfo(self.zone)


def load(path: Path) -> HomeFile:
    """Read a home file, or raise HomeFileBroken."""
    try:
        return HomeFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise HomeFileBroken(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        raise HomeFileBroken(f"{path}: {_first_fault(error)}") from error


def _first_fault(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    more = error.error_count() - 1
    rest = f" (and {more} more)" if more else ""
    return f"{where}: {first['msg']}{rest}" if where else f"{first['msg']}{rest}"
