"""Serves the console: plain HTTP on loopback, TLS 1.3 elsewhere."""

import gc
import socket
import ssl
from typing import Any, Final

import structlog
import uvicorn

from gateway.access.desk import Desk
from gateway.access.welcome import first_link
from gateway.errors import WrongInput
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.web.app import make_console
from gateway.web.live import Live

AT_ONCE: Final = 500

log = structlog.get_logger()


class CalmServer(uvicorn.Server):
    """Ends streams of changes before it waits for requests: they would outlast any wait."""

    def __init__(self, config: uvicorn.Config, live: Live) -> None:
        super().__init__(config)
        self._live = live

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop as uvicorn does; the browsers come back to the next one by themselves."""
        self._live.end()
        await super().shutdown(sockets)


def serve(settings: Settings, database: Database) -> None:
    """Serve until SIGTERM."""
    check(settings)
    app = make_console(settings, database)
    say_first_link(app.state.desk)
    config = uvicorn.Config(
        app,
        host=settings.console_host,
        port=settings.console_port,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        # Whom to believe that it speaks for others: a proxy on this machine, where one is named.
        proxy_headers=settings.console_url is not None,
        limit_concurrency=AT_ONCE,
        # People read for longer than the five seconds that are usual.
        timeout_keep_alive=65,
        timeout_graceful_shutdown=3,
        **_tls(settings),
    )
    config.load()
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_3
    log.info("console_serves", address=settings.console_origin)
    gc.freeze()  # what was built is never garbage: no request waits for a look at it
    CalmServer(config, app.state.live).run()


def check(settings: Settings) -> None:
    """Keep demo people, whose password everybody knows, on this machine. Raises WrongInput."""
    if settings.demo_sign_in and not settings.console_is_local:
        raise WrongInput(
            "HEARTHLINE_DEMO_SIGN_IN is for a console on 127.0.0.1 only: everybody knows the "
            "password of demo people. Unset it, or HEARTHLINE_CONSOLE_HOST."
        )


def say_first_link(desk: Desk) -> None:
    """Print the link of the first administrator, as long as nobody is registered."""
    desk.pools.open()
    link = first_link(desk)
    if link:
        print(
            "\nNobody is registered yet. Who opens this link within a day becomes the first\n"
            f"administrator; it works once:\n\n  {link}\n",
            flush=True,
        )


def _tls(settings: Settings) -> dict[str, Any]:
    if settings.console_is_local:
        return {}
    return {
        "ssl_certfile": str(settings.keys / "api.crt"),
        "ssl_keyfile": str(settings.keys / "api.key"),
    }
