"""The contract of `alerting.ports.Notifier`: every channel to people, against a real local server.

The provider of SMS and calls is a double: what it answers is taken from Twilio's public pages
(https://www.twilio.com/docs/usage/twilios-response, .../docs/api/errors/21211).
"""

import base64
import gc
import json
import ssl
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs
from uuid import UUID
from xml.etree.ElementTree import fromstring

import pytest
from aiosmtpd.controller import Controller
from standardwebhooks.webhooks import Webhook as Verifier

from alerting.errors import ChannelError
from alerting.model import Severity
from alerting.notifiers import channels, notifiers
from alerting.ports import Delivered, Message, Notifier, Purpose, Refused, Retry
from tests.integration.edge_agent.broker import free_port
from tests.integration.edge_agent.certificates import make_authority

NEW = Message(
    id=UUID(int=7),
    organisation=UUID(int=1),
    task=UUID(int=9),
    tasks=1,
    priority=Severity.P1,
    purpose=Purpose.NEW,
    channel="",
    address="",
    language="en",
    queue="clinical",
)
SECRETS = tuple(f"whsec_{base64.b64encode(bytes([n]) * 24).decode()}" for n in (1, 2))


@dataclass
class Server:
    """What a local server was sent, and what it is told to answer."""

    table: dict[str, Any]
    address: str
    stranger: str
    sent: list[dict[str, Any]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    later: tuple[int, ...] = (429, 500, 503)
    never: tuple[int, ...] = (400, 401, 404, 410, 301)


class NotifierContract(ABC):
    """What every channel must do."""

    name: ClassVar[str]

    @pytest.fixture
    @abstractmethod
    def server(self) -> Iterator[Server]: ...

    @pytest.fixture
    def notifier(self, server: Server) -> Notifier:
        return notifiers({self.name: server.table})[self.name]

    @pytest.fixture
    def message(self, server: Server) -> Message:
        return replace(NEW, channel=self.name, address=server.address)

    def test_it_is_delivered_once_and_says_how_urgent(
        self, server: Server, notifier: Notifier, message: Message
    ) -> None:
        outcome = notifier.send(message)
        assert isinstance(outcome, Delivered)
        assert outcome.reference
        (sent,) = server.sent
        assert "P1" in sent["text"]

    def test_what_is_for_later_is_for_later(
        self, server: Server, notifier: Notifier, message: Message
    ) -> None:
        for code in server.later:
            server.answers.append(code)
            outcome = notifier.send(message)
            assert isinstance(outcome, Retry)
            assert message.address not in outcome.error
        assert isinstance(notifier.send(message), Delivered)

    def test_what_is_for_never_is_for_never(
        self, server: Server, notifier: Notifier, message: Message
    ) -> None:
        for code in server.never:
            server.answers.append(code)
            outcome = notifier.send(message)
            assert isinstance(outcome, Refused)
            assert message.address not in outcome.reason

    def test_an_address_that_does_not_exist_is_refused(
        self, server: Server, notifier: Notifier, message: Message
    ) -> None:
        assert isinstance(notifier.send(replace(message, address=server.stranger)), Refused)

    def test_the_title_is_said_where_the_policy_allows_it_in_the_readers_language(
        self, server: Server, notifier: Notifier, message: Message
    ) -> None:
        notifier.send(replace(message, title="Glucose low", language="es-MX"))
        (sent,) = server.sent
        assert "Glucosa baja" in sent["text"] or sent["data"]["title"] == "Glucose low"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
class TestEmail(NotifierContract):
    """Through aiosmtpd, with STARTTLS by a certificate that is checked."""

    name = "email"

    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[Server]:
        authority = make_authority()
        authority.issue("localhost", tmp_path, "server")
        port = free_port()
        table = {"host": "localhost", "port": port, "sender": "rpm@clinic.example"}
        table |= {"ca": tmp_path / "ca.crt"}
        server = Server(table, "nurse@clinic.example", "nobody@clinic.example")
        server.later, server.never = (421, 450, 451, 452), (550, 553, 554)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
        controller = Controller(
            Letters(server), "localhost", port, tls_context=context, require_starttls=True
        )
        controller.start()
        yield server
        controller.stop()
        with warnings.catch_warnings():  # aiosmtpd leaves broken connections to the collector
            warnings.simplefilter("ignore")
            gc.collect()

    def test_a_copy_is_known_by_its_name(
        self, server: Server, notifier: Notifier, message: Message
    ) -> None:
        notifier.send(message)
        notifier.send(message)
        assert len({sent["id"] for sent in server.sent}) == 1

    def test_a_certificate_of_others_is_not_believed(
        self, server: Server, message: Message, tmp_path: Path
    ) -> None:
        other = tmp_path / "other"
        make_authority().issue("localhost", other, "server")
        notifier = notifiers({"email": server.table | {"ca": other / "ca.crt"}})["email"]
        assert isinstance(notifier.send(message), Retry)
        assert server.sent == []


class Letters:
    """What aiosmtpd asks about each letter."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _s: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address == self._server.stranger:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _s: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self._server.answers:
            return f"{self._server.answers.pop()} as the test wants it"
        letter = message_from_bytes(envelope.content, policy=default)
        content = letter.get_content()
        text = f"{letter['Subject']}\n{content}"
        self._server.sent.append({"text": text, "id": letter["Message-ID"]})
        return "250 OK"


class HttpContract(NotifierContract):
    """What channels over HTTP must do too."""

    def test_no_answer_is_for_later(self, server: Server, message: Message) -> None:
        server.table |= {"url": f"http://127.0.0.1:{free_port()}"}
        address = f"http://127.0.0.1:{free_port()}/" if self.name == "webhook" else message.address
        table = {k: v for k, v in server.table.items() if self.name != "webhook" or k != "url"}
        outcome = notifiers({self.name: table})[self.name].send(replace(message, address=address))
        assert isinstance(outcome, Retry)

    def test_it_waits_as_long_as_it_is_asked(
        self, server: Server, notifier: Notifier, message: Message
    ) -> None:
        server.answers.append(429)
        outcome = notifier.send(message)
        assert isinstance(outcome, Retry)
        assert outcome.after.total_seconds() == 30


class TelephoneContract(HttpContract):
    """SMS and calls."""

    @pytest.fixture
    def server(self) -> Iterator[Server]:
        account = {"account": "AC1", "token": "secret", "sender": "+15005550006"}
        server = Server(account, "+15005550001", "+15005550009")
        with _listening(server) as url:
            server.table["url"] = url
            yield server

    def test_a_wrong_token_is_refused(self, server: Server, message: Message) -> None:
        notifier = notifiers({self.name: server.table | {"token": "guess"}})[self.name]
        assert notifier.send(message) == Refused("http_401")


class TestSms(TelephoneContract):
    """Twilio's Messages."""

    name = "sms"


class TestVoice(TelephoneContract):
    """Twilio's Calls."""

    name = "voice"


class TestWebhook(HttpContract):
    """Standard Webhooks."""

    name = "webhook"

    @pytest.fixture
    def server(self) -> Iterator[Server]:
        server = Server({"secrets": SECRETS}, "", "")
        with _listening(server) as url:
            server.address, server.stranger = f"{url}/hook", f"{url}/nowhere"
            yield server

    @pytest.mark.parametrize("secret", SECRETS)
    def test_its_signature_is_good_by_either_secret(
        self, server: Server, notifier: Notifier, message: Message, secret: str
    ) -> None:
        notifier.send(message)
        (sent,) = server.sent
        assert Verifier(secret).verify(sent["text"], sent["headers"])["type"] == "task.new"


class _Listening:
    """A local HTTP server for one test."""

    def __init__(self, server: Server) -> None:
        handler = type("Handler", (_Handler,), {"state": server})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._http.server_port}"

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


_listening = _Listening


class _Handler(BaseHTTPRequestHandler):
    """Answers as Twilio does, and as a receiver of webhooks."""

    state: Server

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(text).items()}
        if self.state.answers:
            self._answer(self.state.answers.pop(), {"code": 0})
        elif self.path.endswith("/nowhere") or form.get("To", "") == self.state.stranger:
            self._answer(400, {"code": 21211, "message": f"Invalid 'To': {self.state.stranger}"})
        elif "account" in self.state.table and self.headers["Authorization"] != _basic():
            self._answer(401, {"code": 20003})
        else:
            self._keep(text, form)
            self._answer(201, {"sid": f"SM{len(self.state.sent)}"})

    def _keep(self, text: str, form: dict[str, str]) -> None:
        if "Twiml" in form:
            said = fromstring(form["Twiml"]).find("Say")  # noqa: S314 - of our own notifier
            text = (said.text or "") if said is not None else ""
        data = json.loads(text)["data"] if text.startswith("{") else {}
        text = form.get("Body", text)
        self.state.sent.append({"text": text, "headers": dict(self.headers), "data": data})

    def _answer(self, code: int, body: dict[str, Any]) -> None:
        octets = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(octets)))
        if code == 429:
            self.send_header("Retry-After", "30")
        self.end_headers()
        self.wfile.write(octets)

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


def _basic() -> str:
    return "Basic " + base64.b64encode(b"AC1:secret").decode()


def test_every_channel_has_its_contract() -> None:
    kept = {each.name for each in (TestEmail, TestSms, TestVoice, TestWebhook)}
    assert {*channels()} == kept | {"console"}


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"pigeon": {}}, "pigeon: no such channel"),
        ({"sms": {"account": "AC1", "token": "t", "sender": "0123"}}, "sms.sender: "),
        ({"webhook": {"secrets": ["guess"]}}, "webhook.secrets.0: "),
        ({"email": {"host": "h", "sender": "a@b.example", "colour": 1}}, "email.colour: "),
    ],
)
def test_a_wrong_table_is_told(tables: dict[str, dict[str, Any]], said: str) -> None:
    with pytest.raises(ChannelError, match=said):
        notifiers(tables)
