"""What every device's entry in HOME.json has, checked strictly."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, NaiveDatetime

from simulators.peripherals.octets import sfloat


def _representable(number: Decimal) -> Decimal:
    sfloat(number)
    return number


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
    `button_at_s`: somebody presses its pairing button then; it forgets its bond and can be found.
    `removed_at_s`: somebody removes it at the hub then, as `bluetoothctl remove` does. Both count
    in seconds from the start.
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
    button_at_s: tuple[Annotated[float, Field(ge=0)], ...] = ()
    removed_at_s: tuple[Annotated[float, Field(ge=0)], ...] = ()


class DeviceSpec(Strict):
    """What all devices have. Each kind narrows `kind` and `measurements`."""

    kind: str
    address: Address
    name: str = Field(min_length=1, max_length=29)  # what fits into an advertisement
    clock_error_s: float = 0
    pin: Annotated[str, Field(pattern=r"^\d{6}$")] | None = None
    battery: Annotated[int, Field(ge=0, le=100)] = 100
    behaviour: Behaviour = Behaviour()
    measurements: tuple[Measurement, ...] = ()
