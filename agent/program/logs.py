"""Logging to stderr: one line per happening, ids only, JSON where a machine reads it."""

from __future__ import annotations

import logging
import os
import sys

import structlog

_QUIET = ("uvicorn.error", "uvicorn.access", "alembic", "httpx", "apscheduler")


def set_up(level: str) -> None:
    """Send structlog and the standard library's logging through one chain to stderr."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_rendered())
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _rendered() -> list[structlog.typing.Processor]:
    """Make lines for eyes on a terminal, JSON for a log collector."""
    strip = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if sys.stderr.isatty() and "JOURNAL_STREAM" not in os.environ:
        # The other formatters print local variables: names and phone numbers of customers (P9).
        plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        return [strip, plain]
    return [strip, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
