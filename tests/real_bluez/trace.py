"""What was said on a system bus about Bluetooth, as lines that two runs can be compared by.

`dbus-monitor --pcap` notes all messages with their times. Addresses become letters, handles become
UUIDs, and no line holds a value that was measured.
"""

import io
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from dbus_fast import Message, MessageType, Variant
from dbus_fast._private.unmarshaller import Unmarshaller

HEADER, RECORD = 24, struct.Struct("=IIII")
PREFIX: Final = "org.bluez."
# They change with every advertisement, or say the same in every story.
DULL: Final = frozenset({"RSSI", "AdvertisingFlags", "TxPower", "ManufacturerData", "ServiceData"})
QUESTIONS: Final = frozenset({"GetManagedObjects", "GetAll", "Get", "GetNameOwner", "Hello"})
NUMBER: Final = 4
LEFT_OUT: Final = (
    "new   Gatt",
    "Value",
    "Battery1",
    "Device1.Disconnect",
    "Notifying=no",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One message; `at` is in seconds since the first line."""

    at: float
    text: str

    def __str__(self) -> str:
        return f"{self.at:8.2f}  {self.text}"


@dataclass
class _Names:
    """What paths stand for, and which calls wait for their reply."""

    devices: dict[str, str] = field(default_factory=dict)
    uuids: dict[str, str] = field(default_factory=dict)
    asked: dict[tuple[str, int], str] = field(default_factory=dict)

    def learn(self, path: str, interfaces: dict[str, dict[str, Any]]) -> None:
        for properties in interfaces.values():
            if "UUID" in properties:
                self.uuids[path] = _short(properties["UUID"].value)

    def of(self, path: str) -> str:
        device, _, rest = path.removeprefix("/org/bluez/hci0/").partition("/")
        if not device.startswith("dev_"):
            return ""
        letter = self.devices.setdefault(device, chr(ord("A") + len(self.devices)))
        return f"{letter}.{self.uuids.get(path, '?')}" if rest else letter


def read(path: Path) -> list[Line]:
    """Return the lines of a recording."""
    names, lines, first = _Names(), [], 0.0
    for at, message in _messages(path.read_bytes()):
        first = first or at
        text = _text(message, names)
        if text:
            lines.append(Line(at - first, text))
    return lines


def essence(lines: Iterable[str]) -> list[str]:
    """Return what must be the same on both stacks, in this order, whatever the agent reads.

    Left out: the table of services, which is the device's own; reads and writes, which are the
    agent's; the battery, the answers to Disconnect and the end of notifying, whose place differs
    from run to run; and all that comes once the agent stops.
    """
    kept = []
    for line in lines:
        if "StopDiscovery" in line:
            break
        if not any(word in line for word in LEFT_OUT):
            kept.append(_in_order(line))
    return kept


def _in_order(line: str) -> str:
    head, colon, told = line.partition(": ")
    return head + colon + ", ".join(sorted(told.split(", ")))


def _messages(recorded: bytes) -> Iterator[tuple[float, Message]]:
    place = HEADER
    while place + RECORD.size <= len(recorded):
        seconds, micro, length, _ = RECORD.unpack_from(recorded, place)
        place += RECORD.size
        octets = recorded[place : place + length]
        place += length
        if len(octets) == length and (message := _message(octets)):
            yield seconds + micro / 1e6, message


def _message(octets: bytes) -> Message | None:
    stream: Any = io.BytesIO(octets)
    return Unmarshaller(stream).unmarshall()


def _text(message: Message, names: _Names) -> str:
    match message.message_type:
        case MessageType.METHOD_CALL:
            return _call(message, names)
        case MessageType.SIGNAL:
            return _signal(message, names)
        case _:
            return _reply(message, names)


def _call(message: Message, names: _Names) -> str:
    interface, member = message.interface or "", message.member or ""
    ours = interface.startswith(PREFIX) or (message.path or "").startswith("/org/bluez")
    if not ours or member in QUESTIONS:
        if member == "GetManagedObjects":
            names.asked[message.sender or "", message.serial] = member
        return ""
    text = f"{interface.removeprefix(PREFIX)}.{member}"
    if member == "Set":
        about, name, value = message.body
        text = f"Set {about.removeprefix(PREFIX)}.{name}={_say(value)}"
    asks = interface == "org.bluez.Agent1"
    whom = names.of(str(message.body[0])) if asks and message.body else names.of(message.path or "")
    text = f"{text} {whom}".strip()
    names.asked[message.sender or "", message.serial] = text
    return f"{'ask ' if asks else 'call'}  {text}"


def _reply(message: Message, names: _Names) -> str:
    asked = names.asked.pop((message.destination or "", message.reply_serial), "")
    if asked == "GetManagedObjects":
        for path, interfaces in (message.body[0] if message.body else {}).items():
            names.learn(path, interfaces)
        return ""
    if not asked:
        return ""
    if message.message_type is MessageType.ERROR:
        told = message.body[0] if message.body else ""
        return f"error {asked}: {(message.error_name or '').removeprefix(PREFIX)} '{told}'"
    return f"done  {asked}"


def _signal(message: Message, names: _Names) -> str:
    match message.member:
        case "PropertiesChanged" if (message.path or "").startswith("/org/bluez"):
            interface, changed, gone = message.body
            said = [f"{key}={_say(value)}" for key, value in changed.items() if key not in DULL]
            said += [f"-{key}" for key in gone if key not in DULL]
            about = f"{interface.removeprefix(PREFIX)} {names.of(message.path or '')}".strip()
            return f"tell  {about}: {', '.join(said)}" if said else ""
        case "InterfacesAdded" if message.body[0].startswith("/org/bluez"):
            names.learn(*message.body)
            return _appeared(message.body[0], message.body[1], names)
        case "InterfacesRemoved" if message.body[0].startswith("/org/bluez"):
            return f"gone  {_interface(message.body[1])} {names.of(message.body[0])}".strip()
        case "NameOwnerChanged" if message.body[0] == "org.bluez":
            return f"name  org.bluez {'has an owner' if message.body[2] else 'has no owner'}"
        case _:
            return ""


def _appeared(path: str, interfaces: dict[str, dict[str, Any]], names: _Names) -> str:
    kind, said = _interface(interfaces), ""
    if kind == "Device1":
        told = interfaces[PREFIX + kind].items()
        said = ": " + ", ".join(f"{key}={_say(value)}" for key, value in told if key not in DULL)
    return f"new   {kind} {names.of(path)}{said}".strip()


def _interface(interfaces: Any) -> str:
    """Return the interface that matters: the others are the bus's own."""
    ours = [name.removeprefix(PREFIX) for name in interfaces if name.startswith(PREFIX)]
    known = ("Device1", "GattService1", "GattCharacteristic1", "GattDescriptor1", "Adapter1")
    return next((name for name in known if name in ours), ",".join(ours))


def _say(variant: Variant) -> str:
    """Tell a property's value; what could be a measurement, a name or an address is left out."""
    match variant.signature, variant.value:
        case "b", value:
            return "yes" if value else "no"
        case "ay", value:
            return f"<{len(value)} octets>"
        case "as", value:
            return "[" + " ".join(sorted(_short(one) for one in value)) + "]"
        case "s", value if value in ("public", "random"):
            return str(value)
        case signature, _:
            return f"<{signature}>"


def _short(uuid: str) -> str:
    """Return the 16 bits of a UUID that the Bluetooth SIG gave."""
    return uuid[NUMBER : 2 * NUMBER] if uuid.endswith("-0000-1000-8000-00805f9b34fb") else uuid
