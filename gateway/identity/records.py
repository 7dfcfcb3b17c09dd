"""`records.json`: the sealing keys that the root has signed, and what hubs are told of them.

What faces the network reads this, and no private key.
"""

from pathlib import Path
from typing import Final

import tomli_w
from pydantic import TypeAdapter, ValidationError

from device_profiles.wire.key_record import RecipientsFile, SignedRecord
from device_profiles.wire.keys import Suite
from gateway.errors import WrongInput
from gateway.identity.root_public import read_root_public

RECORDS: Final = "records.json"
SIGNED: Final = TypeAdapter(tuple[SignedRecord, ...])


def read_records(keys: Path) -> tuple[SignedRecord, ...]:
    """Return what the root has signed, oldest first. Reads no private key."""
    path = keys / RECORDS
    try:
        records = SIGNED.validate_json(path.read_bytes())
    except FileNotFoundError:
        return ()
    except ValidationError:
        raise WrongInput(f"{path} is broken; restore it from the backup of the keys.") from None
    return tuple(sorted(records, key=lambda one: one.not_before))


def signed_recipient_records(keys: Path, suite: Suite) -> RecipientsFile | None:
    """Return what a hub of this suite is told: the newest key, and no other, so that it never
    goes back to an older one, whatever its clock says. None where the site has no root."""
    if read_root_public(keys) is None:
        return None
    records = tuple(record for record in read_records(keys) if record.suite is suite)
    return RecipientsFile(records=records[-1:]) if records else None


def recipients_text(file: RecipientsFile) -> str:
    """Return the content of recipients.toml, as it is sent to a hub too."""
    return tomli_w.dumps(file.model_dump(mode="json"))
