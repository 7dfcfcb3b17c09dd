"""Who may tell us of a far side's changes: by a signature, or by a secret that asks us to look."""

import hmac
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from pydantic import ValidationError
from standardwebhooks.webhooks import Webhook as Signer
from standardwebhooks.webhooks import WebhookVerificationError

from gateway.errors import NotSignedIn
from gateway.outbox.file import Common, connector_id, own_part


@dataclass(frozen=True, slots=True)
class Sender:
    """A far side that may tell us something."""

    id: UUID
    organisation: UUID
    secrets: Sequence[str]
    ping_secrets: Sequence[str]

    def verify(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Look whether the message is the far side's, and of now. Raises NotSignedIn."""
        for secret in self.secrets:
            try:
                Signer(secret).verify(body, dict(headers), json_parse=False)
            except (WebhookVerificationError, ValueError):  # or what cannot be a signature at all
                continue
            return
        raise NotSignedIn

    def knows(self, shown: str) -> None:
        """Look whether this is one of its secrets of pings. Raises NotSignedIn."""
        given = shown.encode()
        if not any(hmac.compare_digest(secret.encode(), given) for secret in self.ping_secrets):
            raise NotSignedIn


def sender(path: Path, name: str) -> Sender:
    """Return a far side that has secrets. Raises NotSignedIn, whatever is wrong with it."""
    try:
        known = _senders(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        raise NotSignedIn from None
    if name not in known:
        raise NotSignedIn
    return known[name]


@lru_cache(maxsize=1)
def _senders(path: Path, _changed: int) -> Mapping[str, Sender]:
    """Read the file, anew when it has changed: of its secrets, those for us only."""
    try:
        tables = tomllib.loads(path.read_text())
        found = {
            name: Common.model_validate(own_part(table))
            for name, table in tables.items()
            if isinstance(table, dict)
        }
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError):
        return {}
    return {
        name: Sender(
            connector_id(each.organisation, name),
            each.organisation,
            [secret.get_secret_value() for secret in each.inbound_secrets],
            [secret.get_secret_value() for secret in each.ping_secrets],
        )
        for name, each in found.items()
        if each.inbound_secrets or each.ping_secrets
    }
