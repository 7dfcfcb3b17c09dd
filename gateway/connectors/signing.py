"""Secrets by which webhooks are signed, https://www.standardwebhooks.com, and those of pings."""

import re
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


SigningSecret = Annotated[SecretStr, AfterValidator(_secret)]
PingSecret = Annotated[SecretStr, AfterValidator(_ping_secret)]
