"""Cars get their tokens: one-time codes exchanged, old tokens renewed, guesses limited and counted.

A fresh token is kept beside the present one until it is first used (links.py), so that an answer that never arrived
costs no car its link. A code is good once; the limits hold for one gateway, in memory.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import asyncpg
import msgspec
import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from gateway.database import TRANSIENT
from gateway.enrol_protocol import (
    FRAME_LIMIT_BYTES,
    Enrol,
    EnrolAnswer,
    EnrolErrorCode,
    Enrolled,
    EnrolRefused,
    digest,
    read_request,
    tidy,
)
from gateway.links import Links
from gateway.metrics import Metrics
from gateway.protocol import encode

log = structlog.get_logger(__name__)

QUESTION_WITHIN_S: Final = 10.0
OPEN_LIMIT: Final = 64
TOKEN_BYTES: Final = 32
ADDRESSES_LIMIT: Final = 10_000


@dataclass(frozen=True, slots=True)
class GuessLimits:
    """Wrong codes: how many at once, and how many a minute after that; per address, and in all."""

    burst_per_address: float = 10
    per_address_per_min: float = 2
    burst: float = 100
    per_min: float = 60


class _Bucket:
    def __init__(self, burst: float, per_min: float, now_s: float) -> None:
        self.left = self._burst = burst
        self._per_s = per_min / 60
        self._at_s = now_s

    def refill(self, now_s: float) -> float:
        self.left = min(self._burst, self.left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        return self.left

    def full(self, now_s: float) -> bool:
        return self.refill(now_s) >= self._burst

    def wait_s(self, now_s: float) -> int:
        missing = 1 - self.refill(now_s)
        return 0 if missing <= 0 else int(missing / self._per_s) + 1


class Guesses:
    """Counts wrong codes. An attempt is taken as wrong until it proves right, so that many at once gain nothing."""

    def __init__(self, limits: GuessLimits, now_s: Callable[[], float]) -> None:
        self._limits = limits
        self._now_s = now_s
        self._all = _Bucket(limits.burst, limits.per_min, now_s())
        self._by_address: dict[str, _Bucket] = {}

    def take(self, address: str) -> int:
        """0 where a guess may be made (it is counted), else the seconds to wait."""
        now_s = self._now_s()
        own = self._by_address.get(address) or self._new(address, now_s)
        wait_s = max(own.wait_s(now_s), self._all.wait_s(now_s))
        if wait_s == 0:
            own.left -= 1
            self._all.left -= 1
        return wait_s

    def was_right(self, address: str) -> None:
        """The last attempt of this address was no guess."""
        self._all.left += 1
        if address in self._by_address:
            self._by_address[address].left += 1

    def _new(self, address: str, now_s: float) -> _Bucket:
        if len(self._by_address) >= ADDRESSES_LIMIT:
            self._by_address = {a: b for a, b in self._by_address.items() if not b.full(now_s)}
        if len(self._by_address) >= ADDRESSES_LIMIT:
            # So many that guess at once: they share one bucket from here on.
            address = "others"
        return self._by_address.setdefault(
            address, _Bucket(self._limits.burst_per_address, self._limits.per_address_per_min, now_s)
        )


class Enrolment:
    """Answers on `ENROL_PATH`, one question a connection."""

    def __init__(self, pool: asyncpg.Pool, links: Links, metrics: Metrics, limits: GuessLimits) -> None:
        self._pool = pool
        self._links = links
        self._metrics = metrics
        self._guesses = Guesses(limits, asyncio.get_running_loop().time)
        self._hashing = asyncio.Semaphore(1)
        self._open = 0

    async def serve(self, socket: ServerConnection, token: str | None) -> None:
        """One question, one answer. `token`: the one in the request's header, if any."""
        if self._open >= OPEN_LIMIT:
            await socket.send(encode(_UNAVAILABLE))
            return
        self._open += 1
        try:
            async with asyncio.timeout(QUESTION_WITHIN_S):
                frame = await socket.recv()
            answer = await self._answer(frame, _address(socket), token)
            outcome = "enrolled" if isinstance(answer, Enrolled) else answer.code.value
            self._metrics.enrolments.labels(outcome=outcome).inc()
            await socket.send(encode(answer))
        except (TimeoutError, ConnectionClosed):
            self._metrics.enrolments.labels(outcome="left").inc()
        finally:
            self._open -= 1

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
        wait_s = self._guesses.take(address)
        if wait_s:
            log.warning("enrol_guesses_limited", retry_s=wait_s)
            return EnrolRefused(
                code=EnrolErrorCode.TOO_MANY_GUESSES, message=f"too many wrong codes; wait {wait_s} s", retry_s=wait_s
            )
        try:
            answer = await (self._enrol(question) if isinstance(question, Enrol) else self._renew(token))
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

    async def _renew(self, token: str | None) -> EnrolAnswer:
        link = None if token is None else await self._links.find(_sha256(token))
        if link is not None:
            fresh, fresh_sha256 = _new_token()
            row = await self._pool.fetchrow(_RENEW, link.device_id, link.token_sha256, fresh_sha256)
            if row is not None:
                log.info("device_token_renewed", device_id=str(link.device_id), unit_id=str(link.unit_id))
                return Enrolled(token=fresh, unit_name=row["unit_name"])
        return EnrolRefused(
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


def _address(socket: ServerConnection) -> str:
    """Whom guesses are counted against. A household or a carrier hands out IPv6 by the /64."""
    remote = socket.remote_address
    host = str(remote[0]) if remote else ""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


# A code that was used or replaced is no code any more; what it gave stands beside the present token until first used.
_EXCHANGE: Final = """
WITH used AS (
    UPDATE enrolment_codes SET used_at = now()
    WHERE code_hash = $1 AND used_at IS NULL AND expires_at > now()
    RETURNING device_id)
UPDATE devices d SET next_token_sha256 = $2 FROM used WHERE d.device_id = used.device_id
RETURNING d.device_id, d.unit_id, d.unit_name"""

_RENEW: Final = """
UPDATE devices SET next_token_sha256 = $3 WHERE device_id = $1 AND token_sha256 = $2 AND revoked_at IS NULL
RETURNING unit_name"""
