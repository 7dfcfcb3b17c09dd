"""Pairing: Device1.Pair, and the pairing that bluetoothd starts itself for an encrypted access."""

from simulators.bluez.agent import WITHOUT_KEYBOARD, Agent, AgentRefused, Agents
from simulators.bluez.call import Call
from simulators.bluez.device import Aborted, Device
from simulators.bluez.errors import BluezError, authentication_failed, in_progress, not_paired


class Pairing:
    """Asks the client's agent what the peripheral wants to know."""

    def __init__(self, agents: Agents) -> None:
        self._agents = agents
        self._under_way: set[str] = set()

    async def pair(self, device: Device, call: Call) -> None:
        """Pair(): Connected, Bonded, then services and Paired in one signal, then the answer."""
        if device.bonded:
            raise BluezError("AlreadyExists", "Already Exists")
        agent = self._agents.agent_for(call.sender)
        if agent is None:  # recent BlueZ refuses even Just Works
            raise authentication_failed()
        if device.link is None:
            try:
                await device.open_link(call.sender)
            except Aborted:
                device.change(Connected=False)
                raise
        try:
            await self._bond(device, agent, asked=True)
        except AgentRefused:
            device.disconnect()
            device.forget_if_gone()
            raise authentication_failed() from None
        call.answer()
        device.show_battery()

    async def secure(self, device: Device, sender: str) -> None:
        """Encrypt before an access that needs it; the client has not called Pair."""
        if device.encrypted:
            return
        agent = self._agents.agent_for(sender)
        if agent is None:
            raise not_paired()
        try:
            await self._bond(device, agent, asked=False)
        except AgentRefused:
            raise not_paired() from None

    async def _bond(self, device: Device, agent: Agent, *, asked: bool) -> None:
        if device.path in self._under_way:
            raise in_progress()
        self._under_way.add(device.path)
        try:
            await self._ask(device, agent, asked=asked)
        finally:
            self._under_way.discard(device.path)
        if device.link is None:  # it hung up while the person was typing
            raise AgentRefused("link lost")
        device.bonded = device.peripheral.bonded = device.encrypted = True
        device.change(Bonded=True)
        device.change(UUIDs=device.gatt.uuids, ServicesResolved=True, Paired=True)
        device.gatt.show()

    async def _ask(self, device: Device, agent: Agent, *, asked: bool) -> None:
        peripheral = device.peripheral
        if peripheral.holds_old_bond:
            raise AgentRefused("the device keeps another bond")
        if peripheral.passkey is not None:
            if agent.capability in WITHOUT_KEYBOARD:
                raise AgentRefused("no keyboard")
            if await self._agents.request_passkey(agent, device.path) != peripheral.passkey:
                raise AgentRefused("wrong passkey")
        elif not asked:
            await self._agents.request_authorization(agent, device.path)
        elif peripheral.behaviour.confirm:
            await self._agents.request_confirmation(agent, device.path)
