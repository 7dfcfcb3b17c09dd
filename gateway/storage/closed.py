"""Whose record is closed to whom, for lists: they show that there is something, and not what.

The name stays to be seen: by it the record is found, and opened, in an emergency.
"""

from typing import Final

from gateway.storage.glass import VISIBLE

# Of a patient `p`, for %(viewer)s at %(now)s. Nobody as a viewer: a program of the site itself.
CLOSED: Final = (
    f"(%(viewer)s::uuid IS NOT NULL AND NOT {VISIBLE.replace('%(person)s', '%(viewer)s')})"
)
