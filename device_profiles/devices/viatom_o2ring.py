"""Viatom (Wellue) O2Ring and Checkme O2, first generation: asked for its numbers once a second.

Facts: descriptions of the protocol by o2r, viatom-ble and their users. A request is AA command
~command block length data crc8, an answer begins with 55 and a status. Command 17: SpO2, pulse,
.. battery at 7, charge, motion, perfusion, worn at 11. The answer has 21 octets: over the smallest
MTU its checksum comes alone in a second notification, which says nothing and is dropped.
"""

from collections.abc import Sequence
from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.errors import DecodeError
from device_profiles.profile import Advertised, Profile
from device_profiles.reading import Indication
from device_profiles.talk import Owner, Talk, Write
from device_profiles.vendor.octets import crc8
from device_profiles.vendor.oxygen import Frame, streaming

SERVICE: Final = "14839ac4-7d7e-415c-9a42-167340cf2339"
COMMAND: Final = "8b00ace7-eb0b-49b0-bbe9-9aee0a26e1a3"
STREAM: Final = "0734594a-a8e7-4b1a-a6b1-cd5243059a57"
READ_SENSORS: Final = bytes.fromhex("aa17e8000000001b")
EVERY_S: Final = 1.0
HEAD: Final = bytes.fromhex("5500ff")  # an answer, and its status "done" with its complement
HEADER: Final = 7
WORN: Final = 11
SMALLEST_MTU: Final = 20


def _frame(octets: bytes) -> Frame | None:
    if not octets:
        raise DecodeError("a frame has octets")
    if not octets.startswith(HEAD):
        return None
    data = _data(octets)
    spo2, pulse = data[0], data[1]
    if not data[WORN] or spo2 in (0, 255):  # 0 while it searches
        return Frame(None, None)
    return Frame(spo2, pulse if 0 < pulse < 255 else None)


def _data(octets: bytes) -> bytes:
    whole = HEADER + int.from_bytes(octets[5:7], "little") + 1
    if len(octets) == whole and crc8(octets[:-1]) != octets[-1]:
        raise DecodeError("the checksum does not fit")
    if len(octets) != min(whole, SMALLEST_MTU) and len(octets) != whole:
        raise DecodeError("the frame has another length than it tells")
    data = octets[HEADER : whole - 1]
    if len(data) <= WORN:
        raise DecodeError("the answer is no answer about the sensors")
    return data


class _Ask:
    """Asks again a second after each answer."""

    def begin(self) -> Sequence[Write]:
        return (Write(COMMAND, READ_SENSORS),)

    def heard(self, indication: Indication) -> Sequence[Write]:
        if not indication.octets.startswith(HEAD[:1]):
            return ()
        return (Write(COMMAND, READ_SENSORS, EVERY_S),)


def _talk(owner: Owner) -> Talk:  # noqa: ARG001
    return _Ask()


READ, EPISODES, SIEVE = streaming(_frame)

PROFILE: Final = Profile(
    key="viatom_o2ring",
    name="Pulse oximeter",
    match=Advertised(SERVICE),
    read={STREAM: READ},
    subscribe=(STREAM,),
    assemble=EPISODES,
    reads_rest=True,
    sieve=SIEVE,
    talk=_talk,
    about=About(
        maker="Viatom (Wellue)",
        models="O2Ring, Checkme O2 (first generation)",
        pairing=Pairing.NONE,
        notes=("Streams: one reading per minute while it is worn.",),
        missing="the O2Ring-S, and the nights that the ring stored",
        evidence=Evidence.DOCUMENTATION,
    ),
)
