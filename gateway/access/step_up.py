"""Step-up: what weighs more needs a second factor of the last minutes, not of this morning."""

from datetime import timedelta
from typing import Final

from starlette.requests import Request

from gateway.access.desk import Desk
from gateway.access.passwords import is_right
from gateway.access.second import is_code
from gateway.access.session import SecondFactorMissing, Session
from gateway.access.sign_in import SignInRefused
from gateway.access.tries import begin_try
from gateway.errors import Forbidden
from gateway.storage.credentials import second_factors
from gateway.storage.doorway import was_right
from gateway.storage.people import person_by_id
from gateway.storage.sessions import show_second_factor

FRESH: Final = timedelta(minutes=5)


class StepUpNeeded(Forbidden):
    """Show once more who you are: this weighs more."""

    code = "step_up_needed"


def is_fresh(desk: Desk, session: Session) -> bool:
    """Say whether a second factor was shown in the last minutes."""
    return session.second_at is not None and desk.now() - session.second_at < FRESH


def must_be_fresh(desk: Desk, request: Request, *, always: bool = False) -> Session:
    """Return the session. Raises StepUpNeeded; not of who has no second factor, except `always`."""
    session = desk.session(request)
    if is_fresh(desk, session):
        return session
    if always:
        raise StepUpNeeded
    with desk.pools.of_access() as connection:
        if second_factors(connection, session.who.id).any:
            raise StepUpNeeded
    return session


def step_up(desk: Desk, request: Request, code: str) -> None:
    """Take a second factor; of who needs none, the password.

    Raises SignInRefused, SecondFactorMissing.
    """
    session, now = desk.session(request), desk.now()
    number = begin_try(desk, request, session.email)
    with desk.pools.of_access(session.who.organisation) as connection:
        person = session.who.id
        if second_factors(connection, person).any:
            right = is_code(desk.key, connection, person, code, now)
        elif desk.sessions.needs_second(session):
            raise SecondFactorMissing  # a password is none, and was asked for already
        else:
            right = is_right(code, person_by_id(connection, person)["hash"])
        if right:
            was_right(connection, number)
            show_second_factor(connection, session.id, now)
        desk.note(connection, session.who, "sign-in.step-up", right=right)
    if not right:
        raise SignInRefused
