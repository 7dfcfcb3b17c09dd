"""The console stops while pages are open: their streams end, and nothing is logged as an error."""

import threading
import time

import httpx
import pytest
import uvicorn

from gateway.access.rights import Role
from gateway.access.session import COOKIE
from gateway.web.serve import CalmServer
from simulators.site import free_port
from tests.fixtures.console import Console


def test_open_streams_end_calmly(console: Console, caplog: pytest.LogCaptureFixture) -> None:
    cookie = console.client(Role.COORDINATOR).cookies[COOKIE]
    port = free_port()
    # A stream that did not end would be cancelled only after this time, and logged as an error.
    config = uvicorn.Config(
        console.app, port=port, lifespan="off", log_config=None, timeout_graceful_shutdown=60
    )
    server = CalmServer(config, console.app.state.live)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as browser,
        browser.stream("GET", "/live", headers={"cookie": f"{COOKIE}={cookie}"}) as stream,
    ):
        lines = stream.iter_lines()
        assert "hearthline" in next(lines)
        server.should_exit = True
        assert not any("change" in line for line in lines)  # and it has an end
    thread.join(90)
    assert not thread.is_alive()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
