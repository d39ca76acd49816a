"""How a dispatch server logs: one line a change of state on standard error, and of an error where, never with what."""

from __future__ import annotations

import logging
import sys

import structlog


def configure_logging(*, as_json: bool) -> None:
    """For the process. Tracebacks are plain: one that shows variables would show callers."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    render: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%SZ", utc=True, key="timestamp"),
            *([structlog.processors.format_exc_info] if as_json else []),
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
