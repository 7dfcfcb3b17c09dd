"""Revoking a hub: refused, listed, reloaded, kicked, proved. Killed in between, it goes on."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from gateway.broker.files import reload_broker, write_broker_files
from gateway.broker.takeover import Stand, Takeover, is_refused, stand_for
from gateway.errors import BrokerUnavailable, GatewayError
from gateway.identity.authority import Credential
from gateway.identity.files import SiteKeys
from gateway.settings import Settings
from gateway.storage import revocations
from gateway.storage.database import Connection, Database
from gateway.storage.revocations import Done, Step

# Mosquitto reads its lists when it comes round to it.
RELOADED_WITHIN_S: Final = 5.0
# A hub that could come back would be back by then: its first retry comes after a second.
NOBODY_FOR_S: Final = 3.0


class NotOff(GatewayError):
    """The hub's envelopes are refused, but it is not shown that the broker shuts it out."""

    status, code = 503, "not_off"


@dataclass(frozen=True, slots=True)
class Revoke:
    """One hub on its way out."""

    settings: Settings
    database: Database
    hub: UUID
    nobody_for_s: float = NOBODY_FOR_S
    note: Callable[[Connection], object] | None = None
    """Records it, in the transaction that shuts the hub out."""

    def run(self, reason: str, actor: str) -> Iterator[Done]:
        """Do what is not done yet, and tell each step. Raises NotOff, NotFound.

        What follows the first step does no harm when it is done twice; only the proof ends it.
        """
        with self.database.transaction() as connection:
            revocations.refuse(connection, self.hub, reason, actor)
            if self.note is not None:
                self.note(connection)
            done = revocations.steps(connection, self.hub)
        if "proved" in {one.step for one in done}:
            yield from done
            return
        yield from (one for one in done if one.step == "refused")
        yield from self._at_the_broker()

    def _at_the_broker(self) -> Iterator[Done]:
        authority = SiteKeys(self.settings.keys).authority()
        probe = stand_for(authority, self.hub)
        with self.database.transaction() as connection:
            revocations.burn(connection, self.hub, probe.serial, probe.not_after)
        write_broker_files(self.settings, self.database)
        yield self._done("listed", "on the revocation list; no longer on the access list")
        ours = reload_broker(self.settings.broker_folder.resolve())
        listed = self._wait_until_refused(probe, authority.certificate)
        yield self._done("reloaded", _reloaded(ours, listed))
        yield from self._take_over(authority, listed)

    def _take_over(self, authority: Credential, listed: bool) -> Iterator[Done]:
        stand = stand_for(authority, self.hub)
        with self._session(stand, authority.certificate) as session:
            yield self._done("kicked", "the broker dropped its session for ours")
            denied, alone = session.is_powerless(), session.stays(self.nobody_for_s)
        self._burn(stand)
        if not (listed and denied and alone):
            raise NotOff(_what_is_missing(listed, denied, alone))
        yield self._done("proved", "certificate refused, publish denied, nobody came back")

    def _session(self, stand: Stand, authority: bytes) -> Takeover:
        return Takeover(stand, authority, self.settings.broker_host, self.settings.broker_port)

    def _burn(self, stand: Stand) -> None:
        with self.database.transaction() as connection:
            revocations.burn(connection, self.hub, stand.serial, stand.not_after)
        write_broker_files(self.settings, self.database)
        reload_broker(self.settings.broker_folder.resolve())

    def _wait_until_refused(self, probe: Stand, authority: bytes) -> bool:
        host, port = self.settings.broker_host, self.settings.broker_port
        end = time.monotonic() + RELOADED_WITHIN_S
        try:
            while not is_refused(probe, authority, host, port):
                if time.monotonic() > end:
                    return False
                # Mosquitto forgets a signal that comes while it is reading.
                reload_broker(self.settings.broker_folder.resolve())
        except BrokerUnavailable:
            raise NotOff("No broker answers; run this again once it does.") from None
        return True

    def _done(self, step: Step, detail: str) -> Done:
        with self.database.transaction() as connection:
            revocations.done(connection, self.hub, step, detail)
            return revocations.steps(connection, self.hub)[-1]


def _reloaded(ours: bool, listed: bool) -> str:
    told = "Mosquitto was told" if ours else "no Mosquitto of ours runs"
    return f"{told}; a certificate on the list is {'refused' if listed else 'NOT refused'}"


def _what_is_missing(listed: bool, denied: bool, alone: bool) -> str:
    missing = [
        text
        for holds, text in (
            (listed, "a certificate on the revocation list is let in"),
            (denied, "its name may still publish"),
            (alone, "somebody came back under its name"),
        )
        if not holds
    ]
    remedy = "Copy acl and crl.pem to your broker, reload it, and run this again."
    return f"{'; '.join(missing).capitalize()}. {remedy}"
