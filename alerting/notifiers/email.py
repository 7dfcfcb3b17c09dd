"""E-mail by SMTP over TLS. The message's id is the Message-ID, so that a second copy is known."""

import asyncio
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Annotated, Final, Literal

import aiosmtplib
from pydantic import Field, SecretStr

from alerting.notifiers import Channel, Table
from alerting.notifiers.texts import body, subject
from alerting.ports import Delivered, Message, Outcome, Refused, Retry
from device_profiles.reading import Frozen

TIMEOUT_S: Final = 15.0
# RFC 5321, 4.2.1: 4yz is for later, 5yz is for never.
PERMANENT: Final = 500


class Settings(Frozen, extra="forbid"):
    """Table `[email]`. `starttls` begins in clear and refuses to go on so; `tls` never does."""

    host: str
    port: Annotated[int, Field(gt=0, lt=65536)] = 587
    security: Literal["starttls", "tls"] = "starttls"
    ca: Path | None = None
    user: str | None = None
    password: SecretStr | None = None
    sender: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
    console: str | None = None


class Email:
    """See `Notifier`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send(self, message: Message) -> Outcome:
        """See `Notifier`."""
        try:
            asyncio.run(self._send(self._written(message)))
        except aiosmtplib.SMTPRecipientsRefused as error:
            return _judged(max(each.code for each in error.recipients))
        except aiosmtplib.SMTPResponseException as error:
            return _judged(error.code)
        except (aiosmtplib.SMTPException, OSError) as error:
            return Retry(type(error).__name__)
        return Delivered(self._name(message))

    def _written(self, message: Message) -> EmailMessage:
        letter = EmailMessage()
        letter["From"], letter["To"] = self._settings.sender, message.address
        letter["Subject"] = subject(message)
        letter["Message-ID"] = self._name(message)
        letter["Date"] = formatdate()
        letter["Content-Language"] = message.language
        letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answer by a machine
        letter.set_content(body(message, self._settings.console))
        return letter

    def _name(self, message: Message) -> str:
        return f"<{message.id}@{self._settings.sender.rpartition('@')[2]}>"

    async def _send(self, letter: EmailMessage) -> None:
        s = self._settings
        await aiosmtplib.send(
            letter,
            hostname=s.host,
            port=s.port,
            username=s.user,
            password=s.password.get_secret_value() if s.password else None,
            use_tls=s.security == "tls",
            start_tls=s.security == "starttls",
            cert_bundle=str(s.ca) if s.ca else None,
            timeout=TIMEOUT_S,
        )


def _judged(code: int) -> Outcome:
    return Refused(f"smtp_{code}") if code >= PERMANENT else Retry(f"smtp_{code}")


def build(table: Table) -> Email | None:
    """Return the notifier, None without a table."""
    return Email(Settings.model_validate(table)) if table else None


CHANNEL: Final = Channel("email", build)
