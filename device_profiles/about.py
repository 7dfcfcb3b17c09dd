"""What the page of supported devices says of a profile."""

from dataclasses import dataclass
from enum import StrEnum


class Evidence(StrEnum):
    """What a profile rests on."""

    STANDARD = "the Bluetooth specification"
    CAPTURE = "octets of a real device, published by its owner"
    DOCUMENTATION = "from documentation, not yet seen on hardware"


class Pairing(StrEnum):
    """How the device and the hub come to a bond."""

    NONE = "none"
    BOND = "once, without a number"
    PASSKEY = "a 6-digit number"
    UNKNOWN = "by the device"


@dataclass(frozen=True, slots=True)
class About:
    """Maker, models, what to know. `missing` says what the profile does not do."""

    maker: str = ""
    models: str = ""
    pairing: Pairing = Pairing.UNKNOWN
    notes: tuple[str, ...] = ()
    missing: str = ""
    evidence: Evidence = Evidence.STANDARD
