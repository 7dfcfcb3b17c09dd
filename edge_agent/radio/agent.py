"""Our own pairing agent, org.bluez.Agent1. bleak registers none, and BlueZ refuses without one.

No `from __future__ import annotations` here: dbus-fast reads the annotations at run time.
"""

from collections.abc import Mapping
from typing import Final, NoReturn

from dbus_fast import DBusError
from dbus_fast.annotations import DBusObjectPath, DBusStr, DBusUInt16, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method

from device_profiles.problems import DeviceProblem
from edge_agent.core.allow_list import Allowed, AllowList
from edge_agent.logs import log

PATH: Final = "/org/hearthline/agent"
# Can do all that BlueZ may ask for; it is the passkeys file that answers.
CAPABILITY: Final = "KeyboardDisplay"
REJECTED: Final = "org.bluez.Error.Rejected"


class Agent(ServiceInterface):
    """Answers for allowed devices only."""

    def __init__(self, allow_list: AllowList, passkeys: Mapping[str, str]) -> None:
        super().__init__("org.bluez.Agent1")
        self._allow_list, self._passkeys = allow_list, passkeys
        self._said: dict[str, DeviceProblem] = {}

    def explain(self, address: str) -> DeviceProblem:
        """Return why pairing with this device has failed, as far as the last question tells."""
        return self._said.pop(address, DeviceProblem.PAIRING_REFUSED)

    @dbus_method(name="Release")
    def release(self) -> None:
        """BlueZ is done with us; the owner watch registers again."""

    @dbus_method(name="Cancel")
    def cancel(self) -> None:
        """BlueZ withdraws a question."""
        self._withdraw()

    @dbus_method(name="RequestPasskey")
    async def request_passkey(self, device: DBusObjectPath) -> DBusUInt32:
        """Give the number that the device shows or has printed on it."""
        return int(await self._passkey(device))

    @dbus_method(name="RequestPinCode")
    async def request_pin_code(self, device: DBusObjectPath) -> DBusStr:
        """Give the same for devices of the older kind."""
        return await self._passkey(device)

    @dbus_method(name="DisplayPasskey")
    def display_passkey(
        self,
        device: DBusObjectPath,
        passkey: DBusUInt32,
        entered: DBusUInt16,  # noqa: ARG002
    ) -> None:
        """Show the number that is to be typed at the device, where there is a display."""
        self._show(device, f"{passkey:06}")

    @dbus_method(name="DisplayPinCode")
    def display_pin_code(self, device: DBusObjectPath, pin: DBusStr) -> None:
        """Show the same for devices of the older kind."""
        self._show(device, pin)

    @dbus_method(name="RequestConfirmation")
    def request_confirmation(self, device: DBusObjectPath, passkey: DBusUInt32) -> None:  # noqa: ARG002
        """Agree: BlueZ asks this for Just Works too, and the allow-list has decided already."""
        self._allowed(device)

    @dbus_method(name="RequestAuthorization")
    def request_authorization(self, device: DBusObjectPath) -> None:
        """Agree: the device asks for a bond by itself."""
        self._allowed(device)

    @dbus_method(name="AuthorizeService")
    def authorize_service(self, device: DBusObjectPath, uuid: DBusStr) -> None:  # noqa: ARG002
        """Agree."""
        self._allowed(device)

    def _withdraw(self) -> None:
        """Nothing to do: the file answers at once."""

    def _allowed(self, path: str) -> Allowed:
        allowed = self._allow_list.at_path(path)
        if allowed is None:
            self._reject(path, "not_allowed")
        return allowed

    async def _passkey(self, path: str) -> str:
        address = self._allowed(path).device.address
        passkey = self._passkeys.get(address)
        if passkey is None:
            self._said[address] = DeviceProblem.PASSKEY_MISSING
            self._reject(path, "no_passkey")
        self._said[address] = DeviceProblem.PASSKEY_WRONG  # should pairing fail now
        return passkey

    def _show(self, path: str, number: str) -> None:  # noqa: ARG002
        """Refuse: the hub has nothing to show it on."""
        self._said[self._allowed(path).device.address] = DeviceProblem.NO_DISPLAY
        self._reject(path, "no_display")

    def _reject(self, path: str, reason: str) -> NoReturn:
        allowed = self._allow_list.at_path(path)
        log.warning("pairing_rejected", device=allowed and str(allowed.device.id), reason=reason)
        raise DBusError(REJECTED, reason)
