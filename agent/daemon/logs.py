"""Logging to stderr: one line per happening, ids only, JSON where a machine reads it."""

from __future__ import annotations

import logging
import os
import sys

import structlog


def set_up(level: str) -> None:
    """Send structlog and the standard library's logging through one chain to stderr.

    On a terminal lines are made for eyes; under systemd (JOURNAL_STREAM) they are JSON.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_rendered())
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)


def _rendered() -> list[structlog.typing.Processor]:
    strip = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if "JOURNAL_STREAM" in os.environ or not sys.stderr.isatty():
        return [strip, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [strip, structlog.dev.ConsoleRenderer()]
