"""Cars get their tokens: one-time codes exchanged, old tokens renewed, guesses limited and counted.

A fresh token is kept beside the present one until it is first used (links.py), so that an answer that never arrived
costs no car its link, and a code gives another token until then. The limits hold for one gateway, in memory.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from typing import Final

import asyncpg
import msgspec
import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from gateway.callers import Proxies
from gateway.database import TRANSIENT
from gateway.enrol_protocol import (
    FRAME_LIMIT_BYTES,
    Enrol,
    EnrolAnswer,
    EnrolErrorCode,
    Enrolled,
    EnrolRefused,
    Renew,
    digest,
    read_request,
    tidy,
)
from gateway.guesses import Guesses, GuessLimits
from gateway.links import Links
from gateway.metrics import Metrics
from gateway.protocol import encode

log = structlog.get_logger(__name__)

QUESTION_WITHIN_S: Final = 10.0
OPEN_LIMIT: Final = 256
OPEN_PER_ADDRESS: Final = 32
TOKEN_BYTES: Final = 32


class Enrolment:
    """Answers on `ENROL_PATH`, one question a connection."""

    def __init__(
        self, pool: asyncpg.Pool, links: Links, metrics: Metrics, limits: GuessLimits, proxies: Proxies | None = None
    ) -> None:
        self._pool = pool
        self._links = links
        self._metrics = metrics
        self._guesses = Guesses(limits, asyncio.get_running_loop().time)
        self._hashing = asyncio.Semaphore(1)
        self._proxies = proxies or Proxies()
        self._silent: dict[ServerConnection, str] = {}
        """Open, and no question yet: the address of each, the oldest first."""

    async def serve(self, socket: ServerConnection, token: str | None) -> None:
        """One question, one answer. `token`: the one in the request's header, if any."""
        address = self._caller(socket)
        self._make_room(address)
        self._silent[socket] = address
        try:
            async with asyncio.timeout(QUESTION_WITHIN_S):
                frame = await socket.recv()
            self._silent.pop(socket, None)
            answer = await self._answer(frame, address, token)
            outcome = "enrolled" if isinstance(answer, Enrolled) else answer.code.value
            self._metrics.enrolments.labels(outcome=outcome).inc()
            await socket.send(encode(answer))
        except (TimeoutError, ConnectionClosed):
            self._metrics.enrolments.labels(outcome="left").inc()
        finally:
            self._silent.pop(socket, None)

    def _make_room(self, address: str) -> None:
        """Who opens and asks nothing gives way to who comes: a car asks at once, whatever stands open beside it."""
        own = [socket for socket, of in self._silent.items() if of == address]
        if len(own) >= OPEN_PER_ADDRESS or len(self._silent) >= OPEN_LIMIT:
            oldest = own[0] if len(own) >= OPEN_PER_ADDRESS else next(iter(self._silent))
            del self._silent[oldest]
            oldest.transport.abort()

    def _caller(self, socket: ServerConnection) -> str:
        remote = socket.remote_address
        forwarded = [] if socket.request is None else socket.request.headers.get_all("X-Forwarded-For")
        return self._proxies.caller(str(remote[0]) if remote else "", forwarded)

    async def _answer(self, frame: str | bytes, address: str, token: str | None) -> EnrolAnswer:
        try:
            question = read_request(frame) if len(frame) <= FRAME_LIMIT_BYTES else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            question = None
        if question is None:
            return EnrolRefused(
                code=EnrolErrorCode.BAD_REQUEST,
                message="one JSON object: type enrol with code and agent, or type renew",
            )
        try:
            # A token is no guess, and must not wait behind those of its neighbours.
            if isinstance(question, Renew) and (renewed := await self._renew(token)) is not None:
                return renewed
        except TRANSIENT as error:
            log.error("renew_failed", error=type(error).__name__)
            return _UNAVAILABLE
        wait_s = self._guesses.take(address)
        if wait_s:
            log.warning("enrol_guesses_limited", retry_s=wait_s)
            return EnrolRefused(
                code=EnrolErrorCode.TOO_MANY_GUESSES, message=f"too many wrong codes; wait {wait_s} s", retry_s=wait_s
            )
        if isinstance(question, Renew):
            return _BAD_TOKEN
        try:
            answer = await self._enrol(question)
        except TRANSIENT as error:
            log.error("enrol_failed", error=type(error).__name__)
            answer = _UNAVAILABLE
        if isinstance(answer, Enrolled) or answer.code is EnrolErrorCode.UNAVAILABLE:
            self._guesses.was_right(address)
        return answer

    async def _enrol(self, question: Enrol) -> EnrolAnswer:
        code = tidy(question.code)
        if code is not None:
            async with self._hashing:
                code_hash = await asyncio.to_thread(digest, code)
            fresh, fresh_sha256 = _new_token()
            row = await self._pool.fetchrow(_EXCHANGE, code_hash, fresh_sha256)
            if row is not None:
                log.info("device_enrolled", device_id=str(row["device_id"]), unit_id=str(row["unit_id"]))
                return Enrolled(token=fresh, unit_name=row["unit_name"])
        log.warning("enrol_code_refused")
        return EnrolRefused(
            code=EnrolErrorCode.BAD_CODE,
            message="this code is wrong, was used, or is over; ask for a new one (`patrol vehicle code PLATE`)",
        )

    async def _renew(self, token: str | None) -> Enrolled | None:
        """None for a token that is none."""
        link = None if token is None else await self._links.find(_sha256(token))
        if link is not None:
            fresh, fresh_sha256 = _new_token()
            row = await self._pool.fetchrow(_RENEW, link.device_id, link.token_sha256, fresh_sha256)
            if row is not None:
                log.info("device_token_renewed", device_id=str(link.device_id), unit_id=str(link.unit_id))
                return Enrolled(token=fresh, unit_name=row["unit_name"])
        return None


_BAD_TOKEN: Final = EnrolRefused(
    code=EnrolErrorCode.BAD_TOKEN, message="this device token is unknown or revoked; enrol the car with a code"
)
_UNAVAILABLE: Final = EnrolRefused(
    code=EnrolErrorCode.UNAVAILABLE, message="the gateway can't answer now; try again", retry_s=5
)


def _new_token() -> tuple[str, str]:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return token, _sha256(token)


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()


# What a code gave stands beside the present token until first used. Until then the code gives another one in its place,
# for a car whose answer was lost; once any fresh token of the device was used since, it is no code any more.
_EXCHANGE: Final = """
WITH used AS (
    UPDATE enrolment_codes c SET used_at = coalesce(used_at, now())
    WHERE code_hash = $1 AND expires_at > now() AND (used_at IS NULL OR EXISTS (
        SELECT FROM devices d WHERE d.device_id = c.device_id AND d.next_token_sha256 IS NOT NULL
        AND (d.enrolled_at IS NULL OR d.enrolled_at < c.used_at)))
    RETURNING device_id)
UPDATE devices d SET next_token_sha256 = $2 FROM used WHERE d.device_id = used.device_id
RETURNING d.device_id, d.unit_id, d.unit_name"""

_RENEW: Final = """
UPDATE devices SET next_token_sha256 = $3 WHERE device_id = $1 AND token_sha256 = $2 AND revoked_at IS NULL
RETURNING unit_name"""
