"""The supervisor's own log: structured lines on standard error and in a file that keeps its size."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import sys
from collections.abc import Iterator
from pathlib import Path

import structlog

from dispatch.running.child import LOG_BYTES, LOG_FILES


@contextlib.contextmanager
def logging_to(file: Path, *, as_json: bool) -> Iterator[None]:
    """For the time of the block; `as_json` for a log collector."""
    rotating = logging.handlers.RotatingFileHandler(file, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr), rotating]
    logger = logging.getLogger("patrol.up")
    logger.handlers, logger.propagate = handlers, False
    logger.setLevel(logging.INFO)
    render = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.processors.LogfmtRenderer(key_order=["time", "level", "event"])
    )
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.stdlib.add_log_level,
            render,
        ],
        logger_factory=lambda *_: logger,
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    try:
        yield
    finally:
        rotating.close()
        logger.handlers = []
