"""Secrets by which webhooks are signed: https://www.standardwebhooks.com."""

from typing import Annotated

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


SigningSecret = Annotated[SecretStr, AfterValidator(_secret)]
