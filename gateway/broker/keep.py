"""Keeps the broker's files as the database has the hubs.

The console, which faces browsers, has no key of the site: it changes rows, and this does the rest.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from gateway.broker.files import update_broker
from gateway.broker.mosquitto import access_list
from gateway.broker.revoke import NotOff, Revoke
from gateway.errors import GatewayError
from gateway.settings import Settings
from gateway.storage import homes
from gateway.storage.database import Connection, Database

HUBS: Final = "hub"
"""The channel on which somebody tells that hubs have changed."""
LOOK_S: Final = 2.0
# A command that revokes does the steps itself, within seconds.
LEAVE_ALONE: Final = timedelta(minutes=1)
AGAIN: Final = timedelta(minutes=10)
UNPROVED: Final = """
SELECT r.hub_id, r.reason, r.actor FROM revocation r
WHERE r.asked_at < %s AND NOT EXISTS (
    SELECT FROM revocation_step s WHERE s.hub_id = r.hub_id AND s.step = 'proved')
ORDER BY r.asked_at LIMIT 20"""

log = structlog.get_logger()


class Keeper:
    """One site's broker, where its files are on this machine."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._tried: dict[UUID, datetime] = {}

    def look(self, connection: Connection, now: datetime) -> int:
        """Write what is not as it should be; go on with what was not shut out; return 0."""
        written = self._settings.broker_folder.resolve() / "acl"
        if not written.exists():
            return 0  # the broker and its files are somewhere else
        if written.read_text("utf-8") != access_list(homes.active_hubs(connection)):
            update_broker(self._settings, self._database)
            log.info("broker_told")
        for row in connection.execute(UNPROVED, [now - LEAVE_ALONE]).fetchall():
            self._shut_out(row["hub_id"], row["reason"], row["actor"], now)
        return 0

    def _shut_out(self, hub: UUID, reason: str, actor: str, now: datetime) -> None:
        tried = self._tried.get(hub)
        if tried is not None and now - tried < AGAIN:
            return
        self._tried[hub] = now
        try:
            for _ in Revoke(self._settings, self._database, hub).run(reason, actor):
                pass
            log.info("hub_is_off", hub=str(hub))
        except NotOff:
            log.warning("hub_not_off", hub=str(hub), again_min=AGAIN // timedelta(minutes=1))
        except GatewayError as error:
            log.warning("hub_not_off", hub=str(hub), error=error.code)
