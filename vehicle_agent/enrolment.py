"""How the car gets its device token and renews it: one question to the gateway, and a file that only its owner reads.

`patrol-agent enrol`, the car's own page (`POST /api/enrol`) and the agent itself (renewal) all come through here. The
token before stays good until the new one was used, and the file is replaced in one step: a crash or a power cut
anywhere in between leaves a car that can connect.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import structlog
from msgspec import Struct
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from gateway.enrol_protocol import Enrol, Enrolled, EnrolRequest, Renew, read_answer, tidy
from gateway.protocol import ENROL_PATH, ENROL_SUBPROTOCOL, PATH, encode
from vehicle_agent import AGENT
from vehicle_agent.errors import SettingsError
from vehicle_agent.journal import Journal
from vehicle_agent.proxy import proxy_for
from vehicle_agent.settings import Settings, read_token
from vehicle_agent.state import CarState
from vehicle_agent.troubles import TroubleCode

ANSWER_WITHIN_S: Final = 20.0
RENEW_LOOK_EVERY_S: Final = 60.0
RENEW_AGAIN_S: Final = 3600.0
_NOTE: Final = "token"
_STATUS: Final = {
    "already_enrolled": 409,
    "too_many_guesses": 429,
    "cannot_write": 500,
    "unavailable": 503,
    "unreachable": 503,
}

_log = structlog.get_logger(__name__)


class EnrolError(SettingsError):
    """No token. `code`: as gateway/enrol_protocol.py, or `not_a_code`, `already_enrolled`, `unreachable`,
    `cannot_write`; the text says what to do."""

    @property
    def status(self) -> int:
        """The HTTP status with which the car's own page answers."""
        return _STATUS.get(self.code, 422)

    def __init__(self, code: str, message: str, retry_s: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.retry_s = retry_s


async def ask(gateway: str, question: EnrolRequest, token: str | None = None) -> Enrolled:
    """One question to the gateway whose vehicle link is at `gateway`. Raises `EnrolError`."""
    url = gateway.removesuffix(PATH) + ENROL_PATH
    try:
        async with (
            asyncio.timeout(ANSWER_WITHIN_S),
            connect(
                url,
                subprotocols=[Subprotocol(ENROL_SUBPROTOCOL)],
                additional_headers={} if token is None else {"Authorization": f"Bearer {token}"},
                user_agent_header=AGENT,
                proxy=proxy_for(url),
                close_timeout=1,
            ) as socket,
        ):
            await socket.send(encode(question))
            answer = read_answer(await socket.recv())
    except InvalidStatus as error:
        raise EnrolError(
            "unreachable", f"the gateway at {gateway} gives no tokens (HTTP {error.response.status_code})"
        ) from error
    except (OSError, EOFError, TimeoutError, WebSocketException) as error:
        reason = str(error) or type(error).__name__
        raise EnrolError("unreachable", f"the gateway at {gateway} does not answer ({reason}); try again") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EnrolError("unreachable", f"the gateway at {gateway} answers what this agent can't read") from error
    if isinstance(answer, Enrolled):
        return answer
    raise EnrolError(answer.code.value, answer.message, answer.retry_s)


async def enrol(gateway: str, token_file: Path, typed: str) -> str:
    """Exchange a code for a token and keep it; the unit's name. Raises `EnrolError`."""
    code = tidy(typed)
    if code is None:
        raise EnrolError("not_a_code", "a code has 8 letters and digits, such as K7M2-9XQD; type it again")
    can_write(token_file)  # a code is good once: not to be lost on a folder that takes no file
    answer = await ask(gateway, Enrol(code=code, agent=AGENT))
    write_token(token_file, answer.token)
    return answer.unit_name


def can_write(token_file: Path) -> None:
    """Raises `EnrolError` where a token could not be kept."""
    try:
        _write(token_file, "")
        _beside(token_file).unlink()
    except OSError as error:
        raise _unwritable(token_file, error) from error


def write_token(token_file: Path, token: str) -> None:
    """Put the token in its file in one step, mode 0600, for the owner of the folder. Raises `EnrolError`."""
    try:
        _write(token_file, f"{token}\n")
        _beside(token_file).replace(token_file)
        folder = os.open(token_file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise _unwritable(token_file, error) from error


def _write(token_file: Path, text: str) -> None:
    beside = _beside(token_file)
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        if os.geteuid() == 0:
            # Root enrols, the service reads: it owns the folder.
            owner = token_file.parent.stat()
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _beside(token_file: Path) -> Path:
    return token_file.with_name(f".{token_file.name}.new")


def _unwritable(token_file: Path, error: OSError) -> EnrolError:
    return EnrolError("cannot_write", f"cannot write the token file {token_file}: {error.strerror}")


class Enroller:
    """The crew enrols the car at its screen.

    `POST /api/enrol` takes `{"code": "K7M2-9XQD"}`, as typed or scanned, and answers 200 `{}`; the link comes up at
    once, and `GET /api/state` has the unit's name. Otherwise it answers a problem `{code, status, detail, member}`:
    422 `not_a_code` (mistyped), 422 `bad_code` (unknown, used, over), 409 `already_enrolled`, 429 `too_many_guesses`,
    503 `unreachable` or `unavailable`, 500 `cannot_write`; `detail` is a sentence that says what to do. The page asks
    for a code while `troubles` has `no_token` or `token_refused`.
    """

    def __init__(self, gateway: str, token_file: Path, state: CarState, enrolled: Callable[[], None]) -> None:
        self._gateway = gateway
        self._token_file = token_file
        self._state = state
        self._enrolled = enrolled

    async def enrol(self, typed: str) -> None:
        """Take this code. Raises `EnrolError`, with `already_enrolled` while the car's token is good."""
        troubles = self._state.troubles
        if TroubleCode.NO_TOKEN not in troubles and TroubleCode.TOKEN_REFUSED not in troubles:
            raise EnrolError("already_enrolled", "this car has a token that works; it needs no code")
        unit_name = await enrol(self._gateway, self._token_file, typed)
        _log.info("car_enrolled", unit_name=unit_name)
        self._enrolled()


class _Noted(Struct):
    digest: str
    since_ms: int


class Renewal:
    """The agent asks for a fresh token when the present one has served for `after_s` (each car a little before)."""

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        state: CarState,
        clock_ms: Callable[[], int],
        renewed: Callable[[], None],
    ) -> None:
        """`renewed` is called once the fresh token is in its file."""
        self._gateway = settings.gateway
        self._token_file = settings.token_file
        self._after_s = settings.renew_after_s
        self._journal = journal
        self._state = state
        self._clock_ms = clock_ms
        self._renewed = renewed

    async def run(self) -> None:
        """For as long as the agent runs; 0 seconds: never."""
        pause_s = min(RENEW_LOOK_EVERY_S, self._after_s / 10)
        while self._after_s > 0:
            await asyncio.sleep(pause_s)
            if self._state.connected and not await self.renew_if_due():
                await asyncio.sleep(min(RENEW_AGAIN_S, self._after_s))

    async def renew_if_due(self) -> bool:
        """False where it was due and did not work."""
        try:
            token = read_token(self._token_file)
        except SettingsError:
            return True
        if not self._due(token):
            return True
        try:
            write_token(self._token_file, (await ask(self._gateway, Renew(agent=AGENT), token)).token)
        except EnrolError as error:
            _log.warning("token_not_renewed", code=error.code, reason=str(error))
            return False
        _log.info("token_renewed")
        self._renewed()
        return True

    def _due(self, token: str) -> bool:
        digest = hashlib.sha256(token.encode()).hexdigest()[:16]
        now_ms = self._clock_ms()
        noted = self._journal.recall_as(_NOTE, _Noted)
        if noted is None or noted.digest != digest or noted.since_ms > now_ms:
            self._journal.remember(_NOTE, msgspec.json.encode(_Noted(digest, now_ms)))
            return False
        # Cars that were enrolled on one morning do not come back on one morning.
        early = int(digest, 16) / 16**16 * 0.2
        return now_ms - noted.since_ms >= self._after_s * (1 - early) * 1000


def warn_of_readers(token_file: Path) -> None:
    """Whoever reads the token can pass for this car: say where others may."""
    try:
        mode = stat.S_IMODE(token_file.stat().st_mode)
    except OSError:
        return
    if mode & 0o077:
        _log.warning("token_file_open_to_others", path=str(token_file), mode=f"{mode:04o}", mend="chmod 600")
