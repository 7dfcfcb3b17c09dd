"""One change of a task, by somebody who has seen it as it is; done once, and recorded."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel
from starlette.responses import Response

from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.etag import IfMatch, must_match
from gateway.api.idempotency import OnceOnly
from gateway.api.tasks_shown import Task, find, find_for_work, shown, tag
from gateway.care.tasks import lock_task
from gateway.storage.worklist import WorkRow

Works = Annotated[Call, needs(Right.TASKS_WORK, Right.TECHNICAL_TASKS)]


class Move:
    """What each route of a move is given."""

    def __init__(
        self,
        task: UUID,
        call: Works,
        once: OnceOnly,
        response: Response,
        if_match: IfMatch = None,
    ) -> None:
        self.task, self.call = task, call
        self._once, self._response, self._if_match = once, response, if_match

    def __call__(
        self,
        action: str,
        asked: BaseModel | None,
        do: Callable[[WorkRow], object],
        first: Callable[[WorkRow], object] = lambda _: None,
    ) -> Task:
        """Do it; `first` may say more than that it was changed.

        Raises NotFound, Forbidden, IfMatchMissing, Changed, and what `do` raises.
        """

        # Before what was answered once is answered again: it may be closed to who asks by now.
        find_for_work(self.call, self.task)

        def moved() -> Task:
            lock_task(self.call.connection, self.task)
            row = find_for_work(self.call, self.task)
            first(row)
            must_match(self._if_match, tag(row))
            do(row)
            self.call.audit(action, patient=row.patient_id, subject=("task", str(self.task)))
            return shown(self.call, find(self.call, self.task))

        done = self._once(self.call, asked, Task, moved)
        self._response.headers["ETag"] = done.etag
        return done


MoveOf = Annotated[Move, Depends()]
