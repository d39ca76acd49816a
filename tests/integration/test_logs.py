"""No log of a server says whom it was about, whatever goes wrong."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
import structlog
from sqlalchemy import insert
from sqlalchemy.exc import SQLAlchemyError

from dispatch.logs import configure_logging
from dispatch.store.tables import incidents
from tests.support.server import Server

PHONE = "0912345678"


@pytest.mark.parametrize("as_json", [False, True])
async def test_an_error_is_logged_without_those_it_was_about(
    server: Server, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    """Neither the variables of the code nor the values of the statement; where it broke is told."""
    before = structlog.get_config()
    configure_logging(as_json=as_json)
    try:
        await _enter_nonsense(server, caller_phone=PHONE)
    except SQLAlchemyError:
        structlog.get_logger().exception("entry_failed")
    finally:
        structlog.configure(**before)
    written = capsys.readouterr().err
    assert "entry_failed" in written
    assert "_enter_nonsense" in written
    assert "INSERT INTO incidents" in written
    assert PHONE not in written
    if as_json:
        (line,) = [line for line in written.splitlines() if "entry_failed" in line]
        assert "_enter_nonsense" in json.loads(line)["exception"]


async def _enter_nonsense(server: Server, caller_phone: str) -> None:
    async with server.engine.begin() as connection:
        await connection.execute(insert(incidents).values(incident_id=uuid4(), caller_phone=caller_phone))
