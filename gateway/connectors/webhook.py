"""A POST for every version of a task, signed as https://www.standardwebhooks.com says.

`webhook-id` is the task and its version: the same when it is sent again, so that a receiver that
keeps the ids that it has seen takes each once. While secrets change, both sign. States go as they
are, and nothing is asked back: what changes there comes by the webhook in, if at all.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import httpx
from pydantic import Field, TypeAdapter
from standardwebhooks.webhooks import Webhook as Signer

from device_profiles.reading import Frozen
from gateway.care.moves import Status
from gateway.connectors import Kind, Table
from gateway.connectors.http import Far, FarUrl, shown
from gateway.connectors.ports import Changes, Known, Later, Outcome, Put, Refused, Request, Work
from gateway.connectors.signing import SigningSecret
from gateway.connectors.texts import body, subject

WORK: Final = TypeAdapter(Work)
CHANGED: Final = "task.changed"
CHECK: Final = "hearthline.check"
"""Receivers answer what they do not know with 2xx and do nothing."""


class Settings(Frozen, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True):
    """Where it goes, and what signs it: the newest secret first."""

    url: FarUrl
    """Where it is told."""
    secrets: Annotated[tuple[SigningSecret, ...], Field(min_length=1, max_length=3)]
    """`whsec_` and base64, the newest first; all of them sign."""


class Webhook:
    """See `Connector`."""

    def __init__(self, settings: Settings) -> None:
        self._far = Far(settings.url)
        self._signers = [Signer(secret.get_secret_value()) for secret in settings.secrets]

    def put(self, work: Work, known: Known | None) -> Outcome:  # noqa: ARG002
        """See `Connector`: whatever it knows, a receiver is told what the task is now."""
        answer = self._far.send(self._request(work))
        return _taken(answer, str(work.task), str(work.version))

    def changes(self, cursor: str | None, now: datetime) -> Changes:
        """See `Connector`: nothing is asked."""
        return Changes((), cursor or now.isoformat())

    def requests(self, work: Work) -> Sequence[Request]:
        """See `Connector`."""
        return [shown(self._request(work), signed_in=False)]

    def reads_as(self, status: Status) -> Status:
        """See `Connector`."""
        return status

    def check(self) -> Put | Later | Refused:
        """See `Connector`: a message of a type that a receiver does not know is signed and sent."""
        now = datetime.now(UTC)
        answer = self._far.send(self._signed(f"check-{now.timestamp():.6f}", CHECK, {}, now))
        return _taken(answer, "", None)

    def _request(self, work: Work) -> httpx.Request:
        data = WORK.dump_python(work, mode="json") | {"subject": subject(work), "body": body(work)}
        return self._signed(f"{work.task}_{work.version}", CHANGED, data, datetime.now(UTC))

    def _signed(self, key: str, kind: str, data: Mapping[str, Any], now: datetime) -> httpx.Request:
        content = json.dumps({"type": kind, "data": data})
        headers = {
            "content-type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(each.sign(key, now, content) for each in self._signers),
        }
        return self._far.request("POST", "", content=content, headers=headers)


def _taken(
    answer: httpx.Response | Later | Refused, remote_id: str, version: str | None
) -> Put | Later | Refused:
    return Put(remote_id, version) if isinstance(answer, httpx.Response) else answer


def build(table: Table) -> Webhook:
    """Return the connector. Raises ValidationError."""
    return Webhook(Settings.model_validate(table))


KIND: Final = Kind(
    "webhook",
    "a program of yours, by Standard Webhooks",
    build,
    "a receiver that checks signatures with the standardwebhooks library",
)
