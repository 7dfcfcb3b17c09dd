"""Secrets by which webhooks are signed, https://www.standardwebhooks.com, and those of pings."""

import re
from base64 import b64decode
from typing import Annotated, Final

from pydantic import AfterValidator, SecretStr
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook


def _secret(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().startswith("whsec_"):
        raise ValueError("a secret begins with whsec_ and goes on in base64")
    try:
        Webhook(secret.get_secret_value())
    except EmptyWebhookSecretError:
        raise ValueError("a secret has something after whsec_") from None
    return secret


# What fits into a header, and is not guessed.
SEEN: Final = re.compile(r"[\x21-\x7e]{20,200}")


def _ping_secret(secret: SecretStr) -> SecretStr:
    if not SEEN.fullmatch(secret.get_secret_value()):
        raise ValueError("a secret of pings has 20 to 200 letters, digits or signs, and no space")
    return secret


def signing_key(secret: SecretStr) -> bytes:
    """Return what somebody who knows a secret can sign by: the same one is written in many ways.

    As standardwebhooks reads it: without its prefix, whatever is no base64 passed over.
    """
    try:
        return b64decode(secret.get_secret_value().removeprefix("whsec_") + "==")
    except ValueError:
        return b""  # no secret that signs: those were looked at


SigningSecret = Annotated[SecretStr, AfterValidator(_secret)]
PingSecret = Annotated[SecretStr, AfterValidator(_ping_secret)]
