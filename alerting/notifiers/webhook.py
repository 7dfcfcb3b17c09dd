"""A POST to a program, signed as https://www.standardwebhooks.com says, so that it can be trusted.

`webhook-id` stays the same when a message is sent again. While secrets change, both sign.
"""

import json
from datetime import UTC, datetime
from typing import Annotated, Final

import httpx
from pydantic import AfterValidator, Field, SecretStr
from standardwebhooks.webhooks import Webhook as Signer

from alerting.notifiers import Channel, Table
from alerting.notifiers.http import post
from alerting.ports import Delivered, Message, Outcome
from device_profiles.reading import Frozen


def _secret(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().startswith("whsec_"):
        raise ValueError("a secret begins with whsec_ and goes on in base64")
    Signer(secret.get_secret_value())
    return secret


Secret = Annotated[SecretStr, AfterValidator(_secret)]


class Settings(Frozen, extra="forbid"):
    """Table `[webhook]`: the newest secret first. The address of a message is where it goes."""

    secrets: Annotated[tuple[Secret, ...], Field(min_length=1, max_length=3)]


class Webhook:
    """See `Notifier`."""

    def __init__(self, settings: Settings) -> None:
        self._signers = [Signer(secret.get_secret_value()) for secret in settings.secrets]

    def send(self, message: Message) -> Outcome:
        """See `Notifier`."""
        now, content = datetime.now(UTC), json.dumps(_payload(message))
        signatures = (each.sign(str(message.id), now, content) for each in self._signers)
        headers = {
            "content-type": "application/json",
            "webhook-id": str(message.id),
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        answer = post(message.address, content=content, headers=headers)
        return Delivered(str(message.id)) if isinstance(answer, httpx.Response) else answer


def _payload(message: Message) -> dict[str, object]:
    return {
        "type": f"task.{message.purpose}",
        "data": {
            "organisation": str(message.organisation),
            "task": str(message.task) if message.task else None,
            "tasks": message.tasks,
            "priority": message.priority,
            "queue": message.queue,
            "title": message.title,
        },
    }


def build(table: Table) -> Webhook | None:
    """Return the notifier, None without a table."""
    return Webhook(Settings.model_validate(table)) if table else None


CHANNEL: Final = Channel("webhook", build)
