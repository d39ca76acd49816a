"""The command `patrol-agent`: reads the command line, runs the agent, turns failures into one line and an exit code."""

from __future__ import annotations

import asyncio
import logging
import sys

import structlog

from vehicle_agent.agent import run
from vehicle_agent.enrol_command import run_enrol
from vehicle_agent.errors import AgentError
from vehicle_agent.install import run_install
from vehicle_agent.settings import read_settings

_log = structlog.get_logger(__name__)


def configure_logs() -> None:
    """One JSON object a line on standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def main(argv: list[str] | None = None) -> int:
    """Run the agent, or `enrol`, or `install`; the exit code: 0 after a clean stop, 1 on failure.

    Wrong use leaves by `SystemExit(2)`.
    """
    arguments = sys.argv[1:] if argv is None else argv
    configure_logs()
    try:
        if arguments[:1] == ["enrol"]:
            run_enrol(arguments[1:])
        elif arguments[:1] == ["install"]:
            run_install(arguments[1:])
        else:
            asyncio.run(run(read_settings(arguments)))
    except AgentError as error:
        return _fail(str(error))
    except ExceptionGroup as group:
        known, unknown = group.split(AgentError)
        if unknown is None and known is not None:
            return _fail("; ".join(str(error) for error in known.exceptions))
        _log.critical("agent_failed", exc_info=group)
        return 1
    return 0


def _fail(line: str) -> int:
    sys.stderr.write(f"patrol-agent: {line}\n")
    return 1
