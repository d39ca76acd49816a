"""A car gets its token by a code, on its screen or by command, and renews it: real agent, gateway, database."""

from __future__ import annotations

import asyncio
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from dispatch.service import fleet
from dispatch.store.database import create_engine
from gateway.settings import Settings
from tests.integration.test_enrolment import PLATE, make_code, may_connect
from tests.support.cars import gateway_settings, running, until
from tests.support.patched_agent import patched_agent, troubles

NEVER = "ws://127.0.0.1:9"
DAY_FRACTION = 2 / 86_400  # a token is renewed when it is about two seconds old


@pytest.fixture
def settings(database_url: str, nats_url: str) -> Settings:
    """A gateway on the test's own database that notices a revoked token soon."""
    return gateway_settings(database_url, nats_url)


async def revoke(database_url: str) -> None:
    """As `patrol vehicle revoke`."""
    engine = create_engine(database_url)
    await fleet.revoke(engine, PLATE, lambda: datetime.now(UTC))
    await engine.dispose()


async def test_a_car_without_a_token_is_enrolled_at_its_screen(
    settings: Settings, database_url: str, tmp_path: Path
) -> None:
    """It runs, says so, keeps what is pressed; after a code it is connected without a restart, and all of it arrives.
    Mistyped, wrong and unneeded codes are told apart."""
    code = await make_code(database_url)
    async with running(settings) as address, patched_agent(tmp_path, address) as car:
        await car.start()
        state = await car.until(lambda state: state["link"] == "no_token")
        assert troubles(state) == ["no_token"]
        assert (await car.press("availability", {"available": False, "reason": "meal"})).status_code == 200
        for typed, status, reason in (("K7M", 422, "not_a_code"), ("0000-0000", 422, "bad_code")):
            refused = await car.press("enrol", {"code": typed})
            assert (refused.status_code, refused.json()["code"]) == (status, reason)
        assert (await car.press("enrol", {"code": code.lower()})).status_code == 200
        state = await car.until(lambda state: state["connected"] and state["waiting"] == 0)
        assert (state["unit_name"], troubles(state)) == (f"unit {PLATE}", [])
        unneeded = await car.press("enrol", {"code": code})
        assert (unneeded.status_code, unneeded.json()["code"]) == (409, "already_enrolled")
        assert stat.S_IMODE(car.token_file.stat().st_mode) == 0o600
        assert car.token_file.read_text().strip() not in car.log()
        connection = await asyncpg.connect(database_url)
        assert await connection.fetchval("SELECT count(*) FROM car_messages WHERE type = 'availability'") == 1
        told = "SELECT EXISTS (SELECT FROM car_messages WHERE type = 'health' AND {} body->'troubles' ? 'no_token')"
        await until(connection, told.format(""))
        await until(connection, told.format("NOT"))
        await connection.close()
        assert await car.stop() == 0


async def test_a_revoked_car_keeps_its_journal_and_comes_back(
    settings: Settings, database_url: str, tmp_path: Path
) -> None:
    """Link `refused`, trouble `token_refused`; what is pressed waits; a new code brings all of it to the server."""
    code = await make_code(database_url)
    async with running(settings) as address, patched_agent(tmp_path, address) as car:
        await car.start()
        await car.until(lambda state: state["link"] == "no_token")
        await car.press("enrol", {"code": code})
        await car.until(lambda state: state["connected"])
        await revoke(database_url)
        state = await car.until(lambda state: state["link"] == "refused")
        assert troubles(state) == ["token_refused"]
        await car.press("availability", {"available": False, "reason": "meal"})
        assert (await car.state())["waiting"] >= 1
        answer = await car.press("enrol", {"code": await make_code(database_url)})
        assert answer.status_code == 200
        state = await car.until(lambda state: state["connected"] and state["waiting"] == 0)
        assert troubles(state) == []
    connection = await asyncpg.connect(database_url)
    assert await connection.fetchval("SELECT count(*) FROM car_messages WHERE type = 'availability'") == 1
    await connection.close()


DIE = "import os, signal\ndie = lambda *_a, **_k: os.kill(os.getpid(), signal.SIGKILL)\n"
STEPS = {
    "before it asks": DIE + "import vehicle_agent.enrolment as e\ne.ask = die\n",
    "with the answer in hand": DIE + "import vehicle_agent.enrolment as e\ne.write_token = die\n",
    "while the file is written": DIE + "import vehicle_agent.enrolment as e\ne.os.fsync = die\n",
    "before it takes the old one's place": DIE + "import pathlib\npathlib.Path.replace = die\n",
    "right after it took its place": DIE
    + "import pathlib\n_r = pathlib.Path.replace\npathlib.Path.replace = lambda *a: (_r(*a), die())\n",
    "before it is used": DIE + "from vehicle_agent.connection import Connection\nConnection.take_new_token = die\n",
}


@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_any_step_of_a_renewal(
    settings: Settings, database_url: str, tmp_path: Path, step: str
) -> None:
    """kill -9 at each step: the next start connects, renews, and the old token ends with the new one's use."""
    code = await make_code(database_url)
    options = ("--renew-days", str(DAY_FRACTION))
    async with running(settings) as address, patched_agent(tmp_path, address, *options) as car:
        await asyncio.to_thread(enrol_by_command, address, car.token_file, code)
        first = car.token_file.read_text().strip()
        await car.start(STEPS[step])
        assert await car.ended() == -9
        await car.start()
        connection = await asyncpg.connect(database_url)
        await until(connection, "SELECT next_token_sha256 IS NULL FROM devices")
        await car.until(lambda state: state["connected"])
        async with asyncio.timeout(30):
            while car.token_file.read_text().strip() == first:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
        await car.until(lambda state: state["connected"] and state["link"] == "connected")
        async with asyncio.timeout(30):
            while await may_connect(address, first):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
        await connection.close()
        assert await car.stop() == 0
        assert stat.S_IMODE(car.token_file.stat().st_mode) == 0o600


def enrol_by_command(
    address: str, token_file: Path, code: str | None, *more: str, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """`patrol-agent enrol`."""
    words = [sys.executable, "-m", "vehicle_agent", "enrol", "--gateway", address, "--token-file", str(token_file)]
    words += [*more, *([code] if code is not None else [])]
    return subprocess.run(words, input=given, capture_output=True, text=True, check=False, timeout=60)


async def test_the_command_enrols_and_says_what_is_wrong(settings: Settings, database_url: str, tmp_path: Path) -> None:
    """From an argument or the input, scanned or typed; never over a token without being told to; each failure says
    what to do, and costs no code that it need not."""
    token_file = tmp_path / "token"
    async with running(settings) as address:

        async def enrol(code: str | None, *more: str, given: str = "") -> subprocess.CompletedProcess[str]:
            return await asyncio.to_thread(enrol_by_command, address, token_file, code, *more, given=given)

        done = await enrol(await make_code(database_url))
        assert (done.returncode, done.stderr) == (0, "")
        assert f"unit {PLATE}" in done.stdout
        token = token_file.read_text().strip()
        assert token not in done.stdout
        assert stat.S_IMODE(token_file.stat().st_mode) == 0o600
        assert await may_connect(address, token)
        code = await make_code(database_url)
        kept = await enrol(code)
        assert (kept.returncode, token_file.read_text().strip()) == (1, token)
        assert "--replace" in kept.stderr
        replaced = await enrol(None, "--replace", given=f"PATROL:{code}\n")
        assert replaced.returncode == 0, replaced.stderr
        assert token_file.read_text().strip() != token
        for typed, said in (
            ("12", "8 letters and digits"),
            ("0000-0000", "patrol vehicle code PLATE"),
            (None, "8 let"),
        ):
            wrong = await enrol(typed, "--replace")
            assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)
            assert said in wrong.stderr
    code = await make_code(database_url)
    for address, file, said in (
        (NEVER, token_file, "does not answer"),
        (NEVER, tmp_path / "no" / "token", "there is no folder"),
        (NEVER, Path("/proc/token"), "still good"),
    ):
        failed = await asyncio.to_thread(enrol_by_command, address, file, code, "--replace")
        assert failed.returncode == 1
        assert said in failed.stderr.splitlines()[-1]


async def test_a_code_and_its_answer_are_not_lost_on_a_folder_that_takes_no_file(
    settings: Settings, database_url: str, tmp_path: Path
) -> None:
    """Where the token cannot be kept, the code is not spent."""
    code = await make_code(database_url)
    async with running(settings) as address:
        failed = await asyncio.to_thread(enrol_by_command, address, Path("/proc/token"), code)
        assert failed.returncode == 1
        done = await asyncio.to_thread(enrol_by_command, address, tmp_path / "token", code)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("content", [b"", b"one two", b"\xff\xfe"])
async def test_a_token_file_that_holds_none_is_mended_at_the_screen(
    settings: Settings, database_url: str, tmp_path: Path, content: bytes
) -> None:
    """A card that lost it, or a hand that erred: the agent runs, keeps what is pressed, asks for a code, sends all."""
    code = await make_code(database_url)
    async with running(settings) as address, patched_agent(tmp_path, address) as car:
        car.token_file.write_bytes(content)
        car.token_file.chmod(0o644)
        await car.start()
        state = await car.until(lambda state: state["link"] == "no_token")
        assert troubles(state) == ["no_token"]
        assert "token_file_open_to_others" in car.log()
        assert (await car.press("availability", {"available": False, "reason": "meal"})).status_code == 200
        assert (await car.press("enrol", {"code": code})).status_code == 200
        state = await car.until(lambda state: state["connected"] and state["waiting"] == 0)
        assert troubles(state) == []
        assert stat.S_IMODE(car.token_file.stat().st_mode) == 0o600
        assert await car.stop() == 0
