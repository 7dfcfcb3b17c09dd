"""A far side that answers without end: the courier goes on."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gateway.connectors import http
from gateway.connectors.ports import Later


class Endless(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        drop, wait = (b" " * 65_536, 0.0) if self.path == "/much" else (b" ", 0.01)
        self.send_response(200)
        self.end_headers()
        try:
            while not threading.Event().wait(wait):
                self.wfile.write(drop)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def far() -> Iterator[http.Far]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Endless) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield http.Far(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


@pytest.mark.parametrize(("path", "error"), [("/slow", "ReadTimeout"), ("/much", "ReadError")])
def test_an_answer_without_end_is_ended(
    far: http.Far, path: str, error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if path == "/slow":
        monkeypatch.setattr(http, "LASTS_S", 0.2)
    monkeypatch.setattr(http, "MOST_OCTETS", 1_000_000)
    assert far.send(far.request("GET", path)) == Later(error)
