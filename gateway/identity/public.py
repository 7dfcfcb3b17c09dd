"""The public halves of the site's keys, in a file of their own.

What faces the network reads this one, and needs no private key to tell hubs what to seal to.
"""

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, ValidationError

from device_profiles.reading import Frozen, Octets
from device_profiles.wire.hub_file import RecipientRecord
from device_profiles.wire.keys import Suite
from gateway.errors import WrongInput

NAME: Final = "public.json"


class PublicKeys(Frozen):
    """What hubs must know of the site's keys."""

    recipients: Annotated[tuple[RecipientRecord, ...], Field(min_length=1)]
    receipt_keys: Annotated[tuple[Octets, ...], Field(min_length=1)]

    def of_suite(self, suite: Suite) -> tuple[RecipientRecord, ...]:
        """Return the sealing keys of one suite."""
        return tuple(record for record in self.recipients if record.suite is suite)


def read_public(folder: Path) -> PublicKeys:
    """Read the file. Raises WrongInput that says what to do."""
    try:
        return PublicKeys.model_validate_json((folder / NAME).read_bytes())
    except FileNotFoundError:
        raise WrongInput(
            f"There is no {NAME} in {folder}; run `hearthline-gateway migrate`."
        ) from None
    except ValidationError:
        raise WrongInput(f"{folder / NAME} is broken; run `hearthline-gateway migrate`.") from None
