"""All commands of `patrol` but the agent, and the one place where a failure becomes one clear line."""

from __future__ import annotations

import sys
from typing import Final, NoReturn
from urllib.parse import urlsplit

import asyncpg
import typer
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from dispatch.commands import (
    calibrate,
    doctor,
    past_calls,
    recordings,
    registration,
    replay,
    reports,
    servers,
    simulate,
    streets,
)
from dispatch.commands.access import given_engines
from dispatch.domain.refusals import Refused
from dispatch.engines.errors import EngineError
from dispatch.running.listen import PortTaken
from dispatch.running.supervisor import StartFailed

app = typer.Typer(
    name="patrol",
    help="Cloud smart patrol cars: from the 110 call to the officer at the door.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(servers.up)
app.command()(servers.serve)
app.command()(servers.gateway)
app.command(
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False},
)(servers.agent)
app.add_typer(streets.app, name="map")
app.add_typer(calibrate.app, name="calibrate")
app.add_typer(registration.users, name="user")
app.add_typer(registration.vehicles, name="vehicle")
app.add_typer(recordings.app, name="recordings")
app.add_typer(past_calls.app, name="incidents")
app.command()(simulate.simulate)
app.command()(replay.replay)
app.command()(reports.report)
app.command()(doctor.doctor)

SENTENCES: Final = (Refused, EngineError, PortTaken, StartFailed)
"""Exceptions whose text is one sentence for the operator. Every expected failure ends here, and nowhere else."""


def run() -> None:
    """Run the command line: exit 0 on success, 2 on wrong use, 1 on a failure that one line tells.

    Any other exception is a defect, and shows its traceback.
    """
    try:
        app()
    except SENTENCES as error:
        _fail(str(error))
    except (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        reason = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        _fail(f"the database{_place()} refuses: {reason}")
    except (ConnectionError, TimeoutError) as error:
        _fail(f"the database{_place()} cannot be reached: {error or 'no answer in time'}")
    except OSError as error:
        _fail(f"{error.filename or 'input or output'}: {error.strerror or error}")


def _place() -> str:
    """Host and port of a database that the environment names; never its password."""
    parts = urlsplit(given_engines().database_url)
    return f" at {parts.hostname}:{parts.port or 5432}" if parts.hostname else ""


def _fail(sentence: str) -> NoReturn:
    print(f"patrol: {' '.join(sentence.split())}", file=sys.stderr)  # noqa: T201
    sys.exit(1)
