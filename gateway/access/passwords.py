"""Passwords by argon2id (RFC 9106). Somebody unknown takes as long as somebody known."""

from functools import lru_cache
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.errors import WrongInput

# The first choice of OWASP's cheat sheet on storing passwords: 19 MiB, two passes, one lane.
HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Each needs 19 MiB and a core: who tries many at once waits, and nobody else runs out of memory.
AT_ONCE: Final = BoundedSemaphore(4)
SHORTEST: Final = 12
LONGEST: Final = 200


class WeakPassword(WrongInput):
    """A password has 12 to 200 characters and is not one that everybody tries first."""

    code = "weak_password"


def hashed(password: str) -> str:
    """Return what is stored of a password. Raises WeakPassword."""
    if not SHORTEST <= len(password) <= LONGEST or len(set(password)) < SHORTEST // 3:
        raise WeakPassword
    with AT_ONCE:
        return HASHER.hash(password)


def is_right(password: str, stored: str | None) -> bool:
    """Say whether it is the password; the answer for nobody's takes as long."""
    against = stored or _nobody()
    try:
        with AT_ONCE:
            return HASHER.verify(against, password[:LONGEST]) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def is_weaker_than_now(stored: str) -> bool:
    """Say whether it was hashed with less than is asked for today."""
    return HASHER.check_needs_rehash(stored)


@lru_cache
def _nobody() -> str:
    return HASHER.hash("nobody's password")
