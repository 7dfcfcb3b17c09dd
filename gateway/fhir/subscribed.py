"""A Subscription, as it comes and as it is shown: without a payload, its secrets never again."""

import json
import re
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

from gateway.access.site_key import SiteKey
from gateway.fhir.ask import CONTROLS, Asked, ask
from gateway.fhir.errors import NotSupported, Unprocessable
from gateway.fhir.registry import RESOURCES
from gateway.fhir.resource import Built, Row, instant, version

PURPOSE: Final = "fhir subscription"
MOST_HEADERS: Final = 10
# RFC 9110, 5.6.2 and 5.5: a token, and what can be seen of ASCII.
HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}):[ \t]*([\x20-\x7e]*)")
LONGEST_HEADER: Final = 2000
# How the message is carried is ours to say.
OURS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"}
)
CRITERIA: Final = 500


def read(body: bytes) -> dict[str, Any]:
    """Return what is asked for. Raises Unprocessable, with the places that do not fit."""
    # Here and not above: HL7's models take half a second and 30 MB, which few programs need.
    from fhir.resources.R4B.subscription import Subscription
    from pydantic import ValidationError

    try:
        Subscription.model_validate_json(body)
    except ValidationError as error:
        told = error.errors(include_input=False, include_url=False, include_context=False)
        places = sorted({".".join(str(part) for part in one["loc"]) for one in told})
        raise Unprocessable(
            f"This is no Subscription of FHIR R4: {', '.join(places)[:200]}"
        ) from None
    given: dict[str, Any] = json.loads(body)
    channel = given["channel"]
    # FHIR lets an extension stand in for what is mandatory.
    if not all((given.get("criteria"), given.get("reason"), channel.get("type"))):
        raise Unprocessable("It says `criteria`, `reason` and `channel.type`, and not why not.")
    if channel["type"] != "rest-hook":
        raise Unprocessable("Only channels of type rest-hook are served.")
    if channel.get("payload"):
        raise Unprocessable("A notification carries nothing: leave channel.payload out, then ask.")
    if not channel.get("endpoint"):
        raise Unprocessable("The channel has no endpoint.")
    return given


def criteria(text: str, now: datetime) -> Asked:
    """Return what is sought. Raises NotSupported, WrongValue."""
    type_, _, rest = text.partition("?")
    resource = RESOURCES.get(type_)
    if resource is None or len(text) > CRITERIA:
        raise NotSupported("Criteria are a search of a resource that is served, as Task?status=...")
    pairs = parse_qsl(rest, keep_blank_values=True)
    if any(name in CONTROLS for name, _ in pairs):
        raise NotSupported("Criteria say which resources, and not how they are listed.")
    return ask(resource, pairs, now, strict=True)


def sealed_headers(key: SiteKey, id_: UUID, channel: dict[str, Any]) -> bytes | None:
    """Return the headers of a channel, sealed. Raises Unprocessable."""
    given = channel.get("header") or ()
    # The length first: a pattern that fails on a long one takes seconds.
    short = all(isinstance(one, str) and len(one) <= LONGEST_HEADER for one in given)
    found = [HEADER.fullmatch(one) for one in given] if short else [None]
    if len(found) > MOST_HEADERS or not all(one and one[1].lower() not in OURS for one in found):
        raise Unprocessable(
            "A header is as `Authorization: Bearer ...`, and none of the transport's."
        )
    told = [(one[1], one[2].strip()) for one in found if one]
    return key.seal(id_, json.dumps(told), PURPOSE) if told else None


def headers(key: SiteKey, id_: UUID, sealed: bytes | None) -> list[tuple[str, str]]:
    """Return them again. Raises KeyMissing."""
    told = json.loads(key.unseal(id_, bytes(sealed), PURPOSE)) if sealed else []
    return [(name, value) for name, value in told]


def build(row: Row) -> Built:
    """Return a Subscription, without its secrets."""
    made: Built = {
        "resourceType": "Subscription",
        "id": str(row["id"]),
        "meta": {
            "versionId": version(row["touched_at"]),
            "lastUpdated": instant(row["touched_at"]),
        },
        "status": row["status"],
        "reason": row["reason"],
        "criteria": row["criteria"],
        "channel": {"type": "rest-hook", "endpoint": row["endpoint"]},
    }
    if row["ends_at"]:
        made["end"] = instant(row["ends_at"])
    if row["error"]:
        made["error"] = row["error"]
    return made
