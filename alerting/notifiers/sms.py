"""SMS by a provider with Twilio's interface."""

from typing import Final

from alerting.notifiers import Channel, Table
from alerting.notifiers.telephone import Account
from alerting.notifiers.texts import short
from alerting.ports import Message, Outcome


class Sms:
    """See `Notifier`."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def send(self, message: Message) -> Outcome:
        """See `Notifier`."""
        text = short(message, self._account.console)
        return self._account.post("Messages", message, Body=text)


def build(table: Table) -> Sms | None:
    """Return the notifier, None without a table."""
    return Sms(Account.model_validate(table)) if table else None


CHANNEL: Final = Channel("sms", build)
