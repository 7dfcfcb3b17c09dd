"""A simulated device on a bumble controller, the same as behind the simulated org.bluez."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from bumble import att
from bumble.controller import Controller
from bumble.core import AdvertisingData
from bumble.device import Device, DeviceConfiguration
from bumble.gatt import Characteristic, CharacteristicValue, Descriptor, Service
from bumble.hci import (
    Address,
    HCI_ErrorCode,
    HCI_LE_Connection_Complete_Event,
    HCI_StatusReturnParameters,
    LeFeatureMask,
    Role,
)
from bumble.host import Host
from bumble.link import LocalLink
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport import open_transport

from device_profiles.gatt import CURRENT_TIME, Uuid, sig
from simulators.peripherals.any import AnyPeripheral
from simulators.peripherals.gatt_table import AttError, LinkLost
from simulators.peripherals.gatt_table import Characteristic as Spec

CCCD: Final = sig(0x2902)
INTERVAL_MS: Final = 300
P: Final = Characteristic.Properties
PROPERTIES: Final = {
    "read": P.READ,
    "write": P.WRITE,
    "notify": P.NOTIFY,
    "indicate": P.INDICATE,
}
# With these the controller's second scan finds nothing.
TOO_NEW: Final = LeFeatureMask.LL_PRIVACY | LeFeatureMask.LE_EXTENDED_ADVERTISING


async def open_air() -> tuple[LocalLink, Any]:
    """Give the kernel a controller behind /dev/vhci; return the air around it, and its end."""
    link = LocalLink()
    vhci = await open_transport("vhci")
    # Without a public address: after a scan data would be sent to the wrong one of two.
    controller = Controller("hub", host_source=vhci.source, host_sink=vhci.sink, link=link)
    controller.le_features &= ~TOO_NEW
    _keep_address(controller)
    _end_attempts(controller)
    return link, vhci


def _end_attempts(controller: Controller) -> None:
    """Tell the kernel that an attempt is over that it has cancelled; bumble says nothing then."""
    usual = controller.on_hci_le_create_connection_cancel_command

    def cancel(command: Any) -> Any:
        pending, controller.pending_le_connection = controller.pending_le_connection, None
        if pending is not None:
            over = HCI_LE_Connection_Complete_Event(
                status=HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
                connection_handle=0,
                role=Role.CENTRAL,
                peer_address_type=pending.peer_address_type,
                peer_address=pending.peer_address,
                connection_interval=0,
                peripheral_latency=0,
                supervision_timeout=0,
                central_clock_accuracy=0,
            )
            asyncio.get_running_loop().call_soon(controller.send_hci_packet, over)
        return usual(command)

    controller.on_hci_le_create_connection_cancel_command = cancel


def _keep_address(controller: Controller) -> None:
    """Connect by the hub's static address always, as the kernel believes that it does.

    The kernel scans by another address, new each time. In bumble's air the latest address is the
    one of every connection, too; pairing and the bond would be with somebody else.
    """
    usual = controller.on_hci_le_set_random_address_command

    def change(command: Any) -> Any:
        if command.random_address.is_static:
            return usual(command)
        return HCI_StatusReturnParameters(status=HCI_ErrorCode.SUCCESS)

    controller.on_hci_le_set_random_address_command = change


class Antenna:
    """One device in the air."""

    def __init__(self, peripheral: AnyPeripheral, link: LocalLink) -> None:
        self.peripheral, self._link = peripheral, link
        self.pairings = 0
        self._controller = Controller(peripheral.address, link=link)
        self._controller.le_features &= ~TOO_NEW
        self._changed, self._tasks = asyncio.Event(), set[asyncio.Task[Any]]()
        told = DeviceConfiguration(name=peripheral.name, address=Address(peripheral.address))
        self._device = Device(config=told, host=Host(self._controller, self._controller))
        self._device.pairing_config_factory = lambda _: self._pairing()
        self._device.on("connection", self._connected)
        self._values = dict[Uuid, Any]()
        self._connection: Any = None

    async def switch_on(self) -> None:
        """Lay out the services and advertise whenever the device does."""
        self._device.gatt_server.add_services(
            [self._service(one) for one in self.peripheral.services()]
        )
        await self._device.power_on()
        self.peripheral.on_advertising(self._changed.set)
        self._changed.set()
        self._start(self._advertise())

    async def switch_off(self) -> None:
        """Leave the air."""
        self.peripheral.on_advertising(lambda: None)
        for task in self._tasks:
            task.cancel()
        if self._connection is not None:
            await self._connection.disconnect()
        self._link.remove_controller(self._controller)

    async def lose_keys(self) -> None:
        """Forget every bond."""
        self.peripheral.bonded = False
        await self._device.keystore.delete_all()

    # The link, as the peripheral uses it.

    async def indicate(self, uuid: Uuid, octets: bytes) -> bool:
        """Send and wait for the confirmation; a real device cannot know who listens."""
        sent = self._device.gatt_server.indicate_subscriber(
            self._connection, self._values[uuid], octets, force=True
        )
        await self._while_linked(sent)
        return True

    async def notify(self, uuid: Uuid, octets: bytes) -> None:
        """Send; nobody confirms."""
        sent = self._device.gatt_server.notify_subscriber(
            self._connection, self._values[uuid], octets, force=True
        )
        await self._while_linked(sent)

    def hang_up(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._start(self._connection.disconnect())

    async def _while_linked(self, sent: Any) -> None:
        if self._connection is None:
            sent.close()
            raise LinkLost
        connection, task = self._connection, asyncio.ensure_future(sent)
        gone = asyncio.get_running_loop().create_future()
        connection.once("disconnection", lambda _: gone.cancel())
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            raise LinkLost

    # What bumble calls.

    def _connected(self, connection: Any) -> None:
        self._connection = connection
        connection.on("disconnection", self._disconnected)
        connection.on("pairing", self._paired)
        self.peripheral.link_up(self)

    def _disconnected(self, _: int) -> None:
        self._connection = None
        self.peripheral.link_down()

    def _paired(self, keys: Any) -> None:
        """Keep the keys: bumble does so only for a hub that has told an identity."""
        self.pairings += 1
        self.peripheral.bonded = True
        self._start(self._device.update_keys(str(self._connection.peer_address), keys))

    async def _advertise(self) -> None:
        on = False
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self.peripheral.advertising:
                await self._device.start_advertising(
                    advertising_data=self._advertisement(),
                    advertising_interval_min=INTERVAL_MS,
                    advertising_interval_max=INTERVAL_MS,
                )
            elif on:
                await self._device.stop_advertising()
            on = self.peripheral.advertising

    def _advertisement(self) -> bytes:
        """All in one: bumble's air carries no answers to scans."""
        service = int(self.peripheral.service[4:8], 16).to_bytes(2, "little")
        kinds = AdvertisingData.Type
        said = [
            (kinds.FLAGS, bytes([0x06])),
            (kinds.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, service),
            (kinds.COMPLETE_LOCAL_NAME, self.peripheral.name.encode()),
        ]
        return bytes(AdvertisingData(said))

    def _pairing(self) -> PairingConfig:
        shows = self.peripheral.passkey is not None
        plain, display = PairingDelegate.NO_OUTPUT_NO_INPUT, PairingDelegate.DISPLAY_OUTPUT_ONLY
        only = PairingDelegate.KeyDistribution.DISTRIBUTE_ENCRYPTION_KEY
        delegate = PairingDelegate(
            display if shows else plain, local_responder_key_distribution=only
        )
        delegate.generate_passkey = self._passkey
        delegate.accept = self._accepts
        return PairingConfig(
            mitm=shows,
            delegate=delegate,
            identity_address_type=PairingConfig.AddressType.RANDOM,
        )

    async def _passkey(self) -> int:
        return self.peripheral.passkey or 0

    async def _accepts(self) -> bool:
        return not self.peripheral.holds_old_bond

    # The table of services.

    def _service(self, spec: Any) -> Service:
        return Service(spec.uuid, [self._characteristic(one) for one in spec.characteristics])

    def _characteristic(self, spec: Spec) -> Characteristic:
        properties, allowed = P(0), att.Attribute.Permissions(0)
        for flag in spec.flags:
            properties |= PROPERTIES[flag]
        A = att.Attribute.Permissions  # noqa: N806
        if "read" in spec.flags:
            allowed |= A.READABLE | (A.READ_REQUIRES_ENCRYPTION if spec.encrypted else A(0))
        if "write" in spec.flags:
            allowed |= A.WRITEABLE | (A.WRITE_REQUIRES_ENCRYPTION if spec.encrypted else A(0))
        value = CharacteristicValue(read=self._read(spec.uuid), write=self._write(spec.uuid))
        made = Characteristic(spec.uuid, properties, allowed, value)
        self._values[spec.uuid] = made
        if spec.notifies:
            needs = A.WRITE_REQUIRES_ENCRYPTION if spec.encrypted else A(0)
            configured = self._device.gatt_server.make_descriptor_value(made)
            made.descriptors = (Descriptor(CCCD, A.READABLE | A.WRITEABLE | needs, configured),)
            made.on("subscription", self._subscribed(spec.uuid))
        return made

    def _read(self, uuid: Uuid) -> Callable[[Any], Any]:
        async def read(_: object) -> bytes:
            # Only the clock: bluetoothd itself reads the battery before it lets anybody subscribe.
            if self.peripheral.behaviour.no_answer_to_read and uuid == CURRENT_TIME:
                await asyncio.Event().wait()
            try:
                return await self.peripheral.read(uuid)
            except AttError as error:
                raise att.ATT_Error(error.code) from error

        return read

    def _write(self, uuid: Uuid) -> Callable[[Any, bytes], Any]:
        async def write(_: object, octets: bytes) -> None:
            try:
                await self.peripheral.write(uuid, octets)
            except AttError as error:
                raise att.ATT_Error(error.code) from error

        return write

    def _subscribed(self, uuid: Uuid) -> Callable[[Any, bool, bool], None]:
        def changed(_: object, notify: bool, indicate: bool) -> None:
            if notify or indicate:
                self.peripheral.subscribe(uuid)
            else:
                self.peripheral.unsubscribe(uuid)

        return changed

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
