"""A receiver of webhooks that is written as https://www.standardwebhooks.com asks.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: verify
one of the signatures over `id.timestamp.body`, refuse what is older than five minutes, answer 2xx
at once, and take a `webhook-id` that came before as done.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final
from uuid import UUID

from standardwebhooks.webhooks import Webhook as Signer
from standardwebhooks.webhooks import WebhookVerificationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulators.far_sides.side import FarSide, Task

SECRET: Final = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"  # noqa: S105
PATH: Final = "/tasks"
CHANGED: Final = "task.changed"


class WebhookReceiver(FarSide):
    """Keeps the newest version of each task that it was told."""

    kind: ClassVar[str] = "webhook"
    title: ClassVar[str] = "a receiver of Standard Webhooks"
    two_way: ClassVar[bool] = False
    secrets: ClassVar[frozenset[str]] = frozenset({SECRET})

    def forget(self) -> None:
        """See FarSide."""
        self._seen: set[str] = set()
        self._tasks: dict[UUID, dict[str, Any]] = {}

    def routes(self) -> Sequence[BaseRoute]:
        """See FarSide."""
        return [Route(PATH, self._take, methods=["POST"])]

    def table(self) -> Mapping[str, Any]:
        """See FarSide."""
        return {"url": self.url + PATH, "secrets": [SECRET]}

    def tasks(self) -> Sequence[Task]:
        """See FarSide."""
        with self.lock:
            return [self._told(key, data) for key, data in self._tasks.items()]

    def _told(self, key: UUID, data: Mapping[str, Any]) -> Task:
        owner, lines = data["owner"], data["body"]
        return Task(key, str(key), data["status"], owner, data["subject"], lines)

    def edit(self, task: UUID, **_: Any) -> None:
        """See FarSide: nobody can be asked for it."""
        raise NotImplementedError("a webhook goes one way")

    def duplicate(self, task: UUID) -> bool:  # noqa: ARG002
        """See FarSide."""
        return False

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        try:
            Signer(SECRET).verify(body, dict(request.headers))
        except WebhookVerificationError:
            return Response(status_code=401)
        told = json.loads(body)
        if told["type"] == CHANGED and request.headers["webhook-id"] not in self._seen:
            self._seen.add(request.headers["webhook-id"])
            self._keep(told)
        return Response(status_code=204)

    def _keep(self, message: Mapping[str, Any]) -> None:
        data = message["data"]
        key = UUID(data["task"])
        if data["version"] >= self._tasks.get(key, data)["version"]:
            self._tasks[key] = data


FAR_SIDE: Final = WebhookReceiver
