"""The browser feed over a WebSocket: one snapshot, then numbered events, coalesced positions and heartbeats."""

from __future__ import annotations

import asyncio
import contextlib
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import structlog
from fastapi import Response, WebSocket, WebSocketDisconnect

from dispatch.api.feed_hub import FeedHub, Listener
from dispatch.api.problems import problem, unavailable
from dispatch.api.routing import api_router
from dispatch.api.signed_in import desk_of, session_or_none, tokens_of
from dispatch.store.away import is_away

_log = structlog.get_logger()
router = api_router()
HEARTBEAT_S: Final = 1.0
RECHECK_S: Final = 60.0
WRITE_S: Final = 10.0
"""A browser that takes nothing for so long is gone, or will come back for a snapshot."""
ROLES: Final = frozenset({"dispatcher", "supervisor"})
POLICY_VIOLATION: Final = 1008
TRY_AGAIN_LATER: Final = 1013
_encode = msgspec.json.Encoder().encode


@router.websocket("/feed")
async def feed(socket: WebSocket) -> None:
    """Refused in the handshake: 401 for nobody, 403 for a foreign page or another role, 503 without the database."""
    refusal = await _refusal(socket)
    if refusal is not None:
        await socket.send_denial_response(refusal)
        return
    await socket.accept()
    hub: FeedHub = socket.app.state.hub
    with hub.listening() as listener:
        stream = _Stream(socket, hub, listener)
        tasks = [asyncio.create_task(part) for part in (stream.send(), stream.receive(), stream.beat())]
        tasks.append(asyncio.create_task(_until_signed_out(socket)))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
    codes = [_code_of(end) for end in ends if isinstance(end, Exception)]
    with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
        async with asyncio.timeout(WRITE_S):
            await socket.close(TRY_AGAIN_LATER if listener.overrun else max(codes, default=POLICY_VIOLATION))


def _code_of(error: Exception) -> int:
    """How a stream that broke is closed: the browser comes back, and takes a snapshot."""
    if is_away(error):
        _log.warning("feed_stream_lost_database", error=type(error).__name__)
    elif not isinstance(error, WebSocketDisconnect):
        _log.error("feed_stream_failed", exc_info=error)
    return TRY_AGAIN_LATER


async def _refusal(socket: WebSocket) -> Response | None:
    """Why this socket gets no feed; None where it does."""
    if not _same_origin(socket):
        return problem(HTTPStatus.FORBIDDEN, "forbidden", "The feed is for pages of this server alone.")
    try:
        session = await session_or_none(socket)
    except Exception as error:
        if not is_away(error):
            raise
        return unavailable(error, socket.url.path)
    if session is None:
        return problem(HTTPStatus.UNAUTHORIZED, "unauthenticated", "Sign in first: POST /api/v1/session.")
    if session.role not in ROLES:
        detail = f"The feed is for {' and '.join(sorted(ROLES))}; you are signed in as {session.role}."
        return problem(HTTPStatus.FORBIDDEN, "forbidden", detail)
    return None


async def _until_signed_out(socket: WebSocket) -> None:
    while True:
        await asyncio.sleep(RECHECK_S)
        try:
            session = await session_or_none(socket)
        except Exception as error:
            if not is_away(error):
                raise
            continue  # nobody can say at the moment; the stream goes on
        if session is None or session.role not in ROLES:
            return


def _same_origin(socket: WebSocket) -> bool:
    """A browser tells which page opened the socket; with a cookie only our own may. Programs send no Origin."""
    origin = socket.headers.get("origin")
    _, by_cookie = tokens_of(socket)
    if origin is None or not by_cookie:
        return True
    allowed = {socket.headers.get("host", "").lower()}
    public_url = desk_of(socket).settings.public_url
    if public_url:
        allowed.add(urlsplit(public_url).netloc.lower())
    return urlsplit(origin).netloc.lower() in allowed


class _Stream:
    """One browser's socket. Everything leaves through one queue, so that numbers never run out of order."""

    def __init__(self, socket: WebSocket, hub: FeedHub, listener: Listener) -> None:
        self._socket, self._hub, self._listener = socket, hub, listener
        self._stream = ""
        self._sent_seq = 0

    async def send(self) -> None:
        """The snapshot first, and again whenever browser or hub asks; then what the hub puts in the queue."""
        while not self._listener.overrun:
            if self._listener.asked.is_set():
                self._listener.asked.clear()
                snapshot = await self._hub.snapshot()
                self._stream, self._sent_seq = snapshot["stream"], snapshot["seq"]
                await self._write(snapshot)
            frame = await self._listener.queue.get()
            if frame["type"] == "asked":
                continue
            if frame["type"] == "event":
                if frame["stream"] != self._stream or frame["seq"] <= self._sent_seq:
                    continue  # contained in the snapshot
                self._sent_seq = frame["seq"]
            elif frame["type"] == "heartbeat":
                frame = frame | {"stream": self._stream, "seq": self._sent_seq}
            await self._write(frame)

    async def _write(self, frame: dict[str, Any]) -> None:
        """Waits for a browser that is slow, but not for one that is gone without a word."""
        try:
            async with asyncio.timeout(WRITE_S):
                await self._socket.send_text(_encode(frame).decode())
        except TimeoutError:
            self._listener.overrun = True

    async def receive(self) -> None:
        """A browser says one thing: `{"type": "snapshot"}`, "I have a gap"."""
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                text = await self._socket.receive_text()
                with contextlib.suppress(msgspec.DecodeError):
                    message = msgspec.json.decode(text)
                    if isinstance(message, dict) and message.get("type") == "snapshot":
                        self._listener.ask()

    async def beat(self) -> None:
        """Every second, so that a screen knows within three that it is alone."""
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            self._listener.put(self._hub.heartbeat())
