"""Logs: JSON lines on stderr, with fixed events and identifiers; never a health value."""

import logging
import sys


def set_up() -> None:
    """Make structlog print JSON, and silence the libraries.

    bleak and paho write device addresses and names into their messages; what matters of them is
    logged by the adapters, without. rich, which structlog imports for colours, would take 8 MB.
    """
    logging.disable(logging.CRITICAL)
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]
    import structlog  # after rich was kept out

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
