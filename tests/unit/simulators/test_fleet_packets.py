"""MQTT packets of the fleet, against the octets that OASIS MQTT 5.0 shows or lays out."""

import pytest

from simulators.fleet import packets
from simulators.fleet.packets import Packet


def test_a_connect_is_clean_and_names_the_hub() -> None:
    # 3.1.2: "MQTT", version 5, flags, keep alive, no properties; 3.1.3: the client identifier.
    expected = bytes.fromhex("10 0f 0004 4d515454 05 02 000a 00 0002 6869")
    assert packets.connect("hi", 10) == expected


def test_a_subscription_asks_for_qos_1() -> None:
    # 3.8: identifier, no properties, "a/b", options.
    assert packets.subscribe("a/b") == bytes.fromhex("82 09 0001 00 0003 612f62 01")


def test_a_publish_carries_one_user_property() -> None:
    # 3.3.2: topic name "a/b" and packet identifier 10, as in its example; property 0x26.
    expected = bytes.fromhex("32 12 0003 612f62 000a 07 26 0001 6b 0001 76 c0ffee")
    assert packets.publish("a/b", 10, "k", "v", b"\xc0\xff\xee") == expected


@pytest.mark.parametrize(
    ("size", "length"), [(127 - 12, "7f"), (128 - 12, "8001"), (16_384 - 12, "808001")]
)
def test_a_long_packet_says_its_length_as_table_1_1_does(size: int, length: str) -> None:
    packet = packets.publish("a", 1, "k", "v", bytes(size - 1))
    assert packet[1:].startswith(bytes.fromhex(length))


def test_packets_are_taken_whole_and_the_rest_waits() -> None:
    both = packets.publish("a/b", 7, "k", "v", b"one") + b"\x40\x02\x00\x07"
    buffer = bytearray()
    found: list[Packet] = []
    for octet in both + b"\x40":
        buffer.append(octet)
        found += packets.taken(buffer)
    assert [packet.kind for packet in found] == [packets.PUBLISH, packets.PUBACK]
    assert packets.published(found[0]) == (b"\x00\x07", b"one")
    assert found[1].id == 7
    assert buffer == b"\x40"


def test_a_message_of_qos_0_has_no_identifier() -> None:
    (packet,) = packets.taken(bytearray.fromhex("30 07 0003 612f62 00 78"))
    assert packets.published(packet) == (b"", b"x")
