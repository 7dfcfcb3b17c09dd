"""Battery and device information. Octets follow the GATT Specification Supplement."""

import pytest

from device_profiles.codecs import battery, device_information
from device_profiles.errors import DecodeError
from tests.unit.device_profiles.octets import octets


@pytest.mark.parametrize("level", [0, 1, 100])
def test_battery(level: int) -> None:
    assert battery.decode(bytes((level,))).level == level


@pytest.mark.parametrize("text", ["", "65", "ff", "6400"])
def test_battery_out_of_range_or_length(text: str) -> None:
    with pytest.raises(DecodeError):
        battery.decode(octets(text))


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (b"", ""),
        (b"UA-651BLE", "UA-651BLE"),
        (b"BM57\0\0", "BM57"),  # padded by the device
        ("Gerät".encode(), "Gerät"),
    ],
)
def test_text(sent: bytes, text: str) -> None:
    assert device_information.decode_text(sent).text == text


def test_text_that_is_not_utf_8() -> None:
    with pytest.raises(DecodeError, match="UTF-8"):
        device_information.decode_text(b"\xff\xfe")


def test_system_id() -> None:
    """Manufacturer part AB CD EF 01 23, organisation 00 22 09, both sent last octet first."""
    said = device_information.decode_system_id(octets("23 01 ef cd ab 09 22 00"))
    assert said.system_id == "002209ABCDEF0123"


def test_pnp_id() -> None:
    said = device_information.decode_pnp_id(octets("01 8e01 0200 1001"))
    assert (said.vendor_source, said.vendor, said.product, said.version) == (1, 0x18E, 2, 0x110)


@pytest.mark.parametrize("length", [0, 6, 7, 9])
def test_ids_have_their_length(length: int) -> None:
    with pytest.raises(DecodeError):
        device_information.decode_system_id(bytes(length))
    if length != 7:
        with pytest.raises(DecodeError):
            device_information.decode_pnp_id(bytes(length))
