"""Somebody's endpoint, which is told that there is something new; and what a program asks for."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from gateway.fhir.hook import Hook
from tests.fixtures.tls import self_signed
from tests.integration.fhir.conftest import Facade

SECRET = "Bearer not-to-be-seen"


@dataclass
class Endpoint:
    """Somebody's server: what it heard, and what it answers."""

    url: str
    hook: Hook
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    status: int = 200
    slow: bool = False
    """It answers a letter now and then."""
    began: datetime | None = None
    """From when on a test counts its seconds, however long it takes."""


@contextmanager
def serving(folder: Path) -> Iterator[Endpoint]:
    """Serve on this machine, by a certificate that is made in this folder."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            here.heard.append(({name.lower(): text for name, text in self.headers.items()}, body))
            if here.slow:
                self.close_connection = True
                with suppress(OSError):
                    for letter in b"HTTP/1.1 200 OK":
                        self.wfile.write(bytes([letter]))
                        over.wait(0.2)
                return
            self.send_response(here.status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    certificate, key = self_signed(folder, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
    trust = ssl.create_default_context(cafile=str(certificate))
    here = Endpoint(f"https://localhost:{httpd.server_port}/hook", Hook(private=True, trust=trust))
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield here
    over.set()
    httpd.shutdown()
    httpd.server_close()


def asked(endpoint: str, criteria: str = "Task?status=requested", **more: Any) -> dict[str, Any]:
    channel = {"type": "rest-hook", "endpoint": endpoint, "header": [f"Authorization: {SECRET}"]}
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "To fetch new work",
        "criteria": criteria,
        "channel": channel | more.pop("channel", {}),
        **more,
    }


def subscribe(fhir: Facade, body: dict[str, Any], **more: Any) -> Any:
    headers = {"content-type": "application/fhir+json"}
    return fhir.ask("Subscription", method="POST", json=body, headers=headers, **more)
