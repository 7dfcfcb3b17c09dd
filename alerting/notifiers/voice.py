"""A telephone call that reads the message aloud, by a provider with Twilio's interface.

What is read is TwiML (https://www.twilio.com/docs/voice/twiml/say), twice: the first words of a
call are often missed. A link is not read aloud.
"""

from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from alerting.notifiers import Channel, Table
from alerting.notifiers.telephone import Account
from alerting.notifiers.texts import short
from alerting.ports import Message, Outcome


class Voice:
    """See `Notifier`."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def send(self, message: Message) -> Outcome:
        """See `Notifier`."""
        return self._account.post("Calls", message, Twiml=_spoken(message))


def _spoken(message: Message) -> str:
    response = Element("Response")
    say = SubElement(response, "Say", loop="2", language=message.language)
    say.text = short(message)
    return tostring(response, "unicode")


def build(table: Table) -> Voice | None:
    """Return the notifier, None without a table."""
    return Voice(Account.model_validate(table)) if table else None


CHANNEL: Final = Channel("voice", build)
