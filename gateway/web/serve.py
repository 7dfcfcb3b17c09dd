"""Serves the console: plain HTTP on loopback, TLS 1.3 elsewhere."""

import ssl
from typing import Any, Final

import structlog
import uvicorn

from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.web.app import make_console

AT_ONCE: Final = 500

log = structlog.get_logger()


def serve(settings: Settings, database: Database) -> None:
    """Serve until SIGTERM."""
    config = uvicorn.Config(
        make_console(settings, database),
        host=settings.console_host,
        port=settings.console_port,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=AT_ONCE,
        # A page that is told of changes stays open.
        timeout_graceful_shutdown=3,
        **_tls(settings),
    )
    config.load()
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_3
    log.info("console_serves", address=settings.console_origin)
    uvicorn.Server(config).run()


def _tls(settings: Settings) -> dict[str, Any]:
    if settings.console_is_local:
        return {}
    return {
        "ssl_certfile": str(settings.keys / "api.crt"),
        "ssl_keyfile": str(settings.keys / "api.key"),
    }
