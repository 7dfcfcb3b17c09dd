"""What hubs ask for besides hub.toml: the sealing keys that the offline root has signed.

It reads records and the root's public key only. No private sealing key comes into this process.
"""

from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request

from device_profiles.wire.key_record import RecipientsAnswer
from gateway.api.client_certificate import shown_certificate
from gateway.enrolment.renew import known_hub
from gateway.errors import NotConfirmed, NotFound
from gateway.identity.keys import recipients_answer
from gateway.storage.database import Database


def recipient_routes(database: Database, keys: Path) -> APIRouter:
    """Return the route by which hubs hear of new keys."""
    router = APIRouter(tags=["hubs"])

    @router.get("/hub/v1/recipients")
    def recipients(request: Request) -> RecipientsAnswer:
        """The signed sealing keys of the hub's suite; 404 where the site has no root."""
        shown = shown_certificate(request)
        with database.transaction() as connection:
            hub = known_hub(connection, shown).hub
        if hub.state != "active":
            raise NotConfirmed
        answer = recipients_answer(keys, hub.row.suite)
        if answer is None:
            raise NotFound("This site has no offline root.")
        return answer

    return router
