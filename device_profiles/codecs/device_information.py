"""Device Information (0x180A): names, revisions, serial number, System ID, PnP ID, certification.

Source: Device Information Service 1.1; GATT Specification Supplement, System ID and PnP ID.
"""

from dataclasses import dataclass
from typing import Final

from device_profiles import gatt
from device_profiles.codecs.octets import Octets
from device_profiles.errors import DecodeError


@dataclass(frozen=True, slots=True)
class Text:
    """A name, revision or number in UTF-8."""

    text: str


@dataclass(frozen=True, slots=True)
class SystemId:
    """An EUI-64 as HL7 PHD writes it: 16 hex digits in upper case, organisation first."""

    system_id: str


@dataclass(frozen=True, slots=True)
class PnpId:
    """Who made the device: `vendor_source` 1 is a Bluetooth SIG company, 2 a USB vendor."""

    vendor_source: int
    vendor: int
    product: int
    version: int


@dataclass(frozen=True, slots=True)
class Certification:
    """IEEE 11073-20601 Regulatory Certification Data List: an MDER structure, kept as it came."""

    certification: bytes


def decode_text(octets: bytes) -> Text:
    """Read a string; the zero octets that some devices append are no part of it."""
    try:
        return Text(octets.rstrip(b"\0").decode())
    except UnicodeDecodeError as error:
        raise DecodeError("the text is not UTF-8") from error


def decode_system_id(octets: bytes) -> SystemId:
    """Read a System ID; it arrives with its last octet first."""
    rest = Octets(octets)
    number = rest.unsigned(8, "the system id")
    rest.end()
    return SystemId(f"{number:016X}")


def decode_pnp_id(octets: bytes) -> PnpId:
    """Read a PnP ID."""
    rest = Octets(octets)
    pnp = PnpId(
        vendor_source=rest.unsigned(1, "the vendor id source"),
        vendor=rest.unsigned(2, "the vendor id"),
        product=rest.unsigned(2, "the product id"),
        version=rest.unsigned(2, "the product version"),
    )
    rest.end()
    return pnp


def decode_certification(octets: bytes) -> Certification:
    """Take a certification list; nothing here depends on what is in it."""
    return Certification(octets)


DECODES: Final = {
    gatt.MODEL_NUMBER: decode_text,
    gatt.SERIAL_NUMBER: decode_text,
    gatt.FIRMWARE_REVISION: decode_text,
    gatt.HARDWARE_REVISION: decode_text,
    gatt.SOFTWARE_REVISION: decode_text,
    gatt.MANUFACTURER_NAME: decode_text,
    gatt.SYSTEM_ID: decode_system_id,
    gatt.PNP_ID: decode_pnp_id,
    gatt.REGULATORY_DATA: decode_certification,
}
