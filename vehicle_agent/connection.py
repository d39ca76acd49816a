"""The socket shell round session.py: dials the gateway, keeps at it, and says each change of the link once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from gateway.protocol import CLOSE_TAKEN_OVER, SUBPROTOCOL
from vehicle_agent import AGENT
from vehicle_agent.backoff import Backoff
from vehicle_agent.errors import SettingsError
from vehicle_agent.proxy import proxy_for
from vehicle_agent.session import NEW_BOOT, Session
from vehicle_agent.state import CarState
from vehicle_agent.troubles import TroubleCode

_FRAME_LIMIT_BYTES: Final = 4 * 1024 * 1024  # a welcome may carry several orders with routes
_TICK_S: Final = 1.0
_TROUBLE_OF: Final = {"refused": TroubleCode.TOKEN_REFUSED, "no_token": TroubleCode.NO_TOKEN}

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Timing:
    """How patient the link is, in seconds. A dead link is noticed within ping_every_s + ping_answer_s, under 60."""

    retry_base_s: float = 0.5
    retry_cap_s: float = 30.0
    stable_after_s: float = 15.0
    refused_s: float = 60.0
    no_token_s: float = 5.0
    taken_over_s: float = 120.0
    open_s: float = 10.0
    close_s: float = 2.0
    ping_every_s: float = 15.0
    ping_answer_s: float = 20.0


@dataclass(frozen=True)
class Ending:
    """Why a connection ended: `kind` for the machine and the screen, `reason` for the log."""

    kind: str
    reason: str


class Connection:
    """Keeps one car connected for as long as it runs."""

    def __init__(
        self,
        url: str,
        token: Callable[[], str],
        state: CarState,
        session: Callable[[], Session],
        timing: Timing | None = None,
        chance: random.Random | None = None,
    ) -> None:
        """`token` is asked before each attempt, so that a new token file works without a restart."""
        self._url = url
        self._token = token
        self._state = state
        self._session = session
        self._timing = timing or Timing()
        self._chance = chance or random.Random()
        self._work = asyncio.Event()
        self._hurry = asyncio.Event()
        self._new_token = False
        self.sent: Callable[[str], None] = lambda _frame: None
        """Called with each frame that went out."""

    def wake(self, urgent: bool) -> None:
        """The journal has something new. `urgent`: a person waits, so don't sit out a pause between attempts."""
        self._work.set()
        if urgent:
            self._hurry.set()

    def take_new_token(self) -> None:
        """The token's file holds another one: leave the connection, if there is one, and come back with that."""
        self._new_token = True
        self._work.set()
        self._hurry.set()

    async def run(self) -> None:
        """Connect, and connect again, for ever."""
        retry = Backoff(self._timing.retry_base_s, self._timing.retry_cap_s, self._chance)
        loop = asyncio.get_running_loop()
        said: str | None = None
        while True:
            self._hurry.clear()
            began_s = loop.time()
            ending = await self._attempt()
            welcomed = self._state.connected
            self._state.connected = False
            self._state.link = ending.kind
            if ending.kind in _TROUBLE_OF:
                self._state.troubles.report(_TROUBLE_OF[ending.kind], ending.reason)
            if welcomed and loop.time() - began_s >= self._timing.stable_after_s:
                retry.reset()
            if welcomed or ending.reason != said:
                _log.warning("link_down", kind=ending.kind, reason=ending.reason)
                said = ending.reason
            await self._pause(self._delay_s(ending, retry))

    def _delay_s(self, ending: Ending, retry: Backoff) -> float:
        if ending.kind in {"new_boot", "new_token"}:
            return 0.0
        if ending.kind == "no_token":
            return self._timing.no_token_s
        slow_s = {"refused": self._timing.refused_s, "taken_over": self._timing.taken_over_s}.get(ending.kind)
        if slow_s is not None:
            return slow_s * self._chance.uniform(0.75, 1.25)
        return retry.next_s()

    async def _pause(self, delay_s: float) -> None:
        try:
            async with asyncio.timeout(delay_s):
                await self._hurry.wait()
        except TimeoutError:
            return

    async def _attempt(self) -> Ending:
        self._new_token = False
        try:
            token = self._token()
        except SettingsError as error:
            # No file, or one that holds nothing that can be sent: a code mends both.
            return Ending("no_token", str(error))
        try:
            async with connect(
                self._url,
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                additional_headers={"Authorization": f"Bearer {token}"},
                user_agent_header=AGENT,
                proxy=proxy_for(self._url),
                open_timeout=self._timing.open_s,
                close_timeout=self._timing.close_s,
                ping_interval=self._timing.ping_every_s,
                ping_timeout=self._timing.ping_answer_s,
                max_size=_FRAME_LIMIT_BYTES,
            ) as socket:
                return await self._converse(socket)
        except InvalidStatus as error:
            return _refusal(error.response.status_code)
        except ConnectionClosed as error:
            return _closed(error)
        except (OSError, EOFError, WebSocketException) as error:
            return Ending("unreachable", str(error) or type(error).__name__)

    async def _converse(self, socket: ClientConnection) -> Ending:
        session = self._session()
        hello = session.hello()
        await socket.send(hello)
        self.sent(hello)
        reading = asyncio.create_task(self._read(socket, session))
        writing = asyncio.create_task(self._write(socket, session))
        try:
            done, _ = await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
            # The reader knows the close code; a writer that failed at the same moment only knows that it failed.
            return (reading if reading in done else writing).result()
        finally:
            reading.cancel()
            writing.cancel()
            await asyncio.gather(reading, writing, return_exceptions=True)

    async def _read(self, socket: ClientConnection, session: Session) -> Ending:
        while session.ended is None:
            session.receive(await socket.recv())
            if session.welcomed and not self._state.connected:
                self._state.connected = True
                self._state.link = "connected"
                for trouble in _TROUBLE_OF.values():
                    self._state.troubles.clear(trouble)
            self._work.set()
        return Ending("new_boot" if session.ended == NEW_BOOT else "reset", session.ended)

    async def _write(self, socket: ClientConnection, session: Session) -> Ending:
        while True:
            self._work.clear()
            while (frame := session.next_frame()) is not None:
                await socket.send(frame)
                self.sent(frame)
            if session.ended is not None:
                return Ending("new_boot" if session.ended == NEW_BOOT else "reset", session.ended)
            if self._new_token:
                return Ending("new_token", "from now on with the fresh token")
            overdue = session.overdue()
            if overdue is not None:
                return Ending("silent", overdue)
            try:
                async with asyncio.timeout(_TICK_S):
                    await self._work.wait()
            except TimeoutError:
                continue


def _refusal(status: int) -> Ending:
    if status == 401:
        return Ending("refused", "the gateway does not know this token (401); enrol the car again")
    if status == 404:
        return Ending("unreachable", "there is no vehicle link at this address (404); see --gateway")
    return Ending("unreachable", f"the gateway refused the handshake with HTTP {status}")


def _closed(error: ConnectionClosed) -> Ending:
    if error.rcvd is None:
        return Ending("lost", "the connection broke")
    if error.rcvd.code == CLOSE_TAKEN_OVER:
        return Ending("taken_over", "another agent connected with this car's token (4001)")
    return Ending(
        "lost", f"the gateway closed the connection ({error.rcvd.code} {error.rcvd.reason})".replace(" )", ")")
    )
