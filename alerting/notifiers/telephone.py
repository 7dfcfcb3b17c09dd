"""An account with a provider of SMS and calls that has Twilio's HTTP interface.

https://www.twilio.com/docs/messaging/api/message-resource, .../voice/api/call-resource: POST with
form fields To and From, the account and its token as basic authentication; 201 with a `sid`.
Such a provider does not know a request again: where the answer is lost, the person is told twice.
"""

from typing import Annotated, Final, Literal

import httpx
from pydantic import Field, SecretStr

from alerting.notifiers.http import post
from alerting.ports import Delivered, Message, Outcome
from device_profiles.reading import Frozen

# E.164: at most 15 digits, the first is not 0.
Number = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{1,14}$")]
PUBLIC: Final = "https://api.twilio.com"


class Account(Frozen, extra="forbid"):
    """Tables `[sms]` and `[voice]`."""

    url: Annotated[str, Field(pattern=r"^https?://")] = PUBLIC
    account: Annotated[str, Field(min_length=1)]
    token: SecretStr
    sender: Number
    console: str | None = None

    def post(self, what: Literal["Messages", "Calls"], message: Message, **form: str) -> Outcome:
        """Ask the provider to tell somebody."""
        answer = post(
            f"{self.url}/2010-04-01/Accounts/{self.account}/{what}.json",
            auth=(self.account, self.token.get_secret_value()),
            data={"To": message.address, "From": self.sender, **form},
        )
        return Delivered(_sid(answer)) if isinstance(answer, httpx.Response) else answer


def _sid(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["sid"])
    except (ValueError, KeyError, TypeError):
        return ""
