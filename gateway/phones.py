"""The phones' own HTTP port: OsmAnd and Traccar's client at `/`, OwnTracks at `/owntracks`. docs/phones.md tells users.

200 means durable, or refused for good as the link does it (the text says so), also for a report that can't be read: an
app asked to try again would hold back all that it kept behind it, for ever. 400: can't be read, and no token in sight;
401: no valid token; 413, 429, 503: as they say. Nothing of a request is logged: it names an officer's place, and may
carry the token in its address.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import math
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from typing import Final

import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.database import TRANSIENT
from gateway.links import Link
from gateway.metrics import Metrics
from gateway.phones_asking import Asked, asked_at_root, asked_of_owntracks
from gateway.phones_intake import Intake
from gateway.phones_limits import Buckets, Rate, origin
from gateway.phones_report import BadReport, Report
from gateway.protocol import RejectedCode

log = structlog.get_logger(__name__)

BODY_LIMIT_BYTES: Final = 64 * 1024
BODY_WITHIN_S: Final = 10.0
LOOKUP_WITHIN_S: Final = 3.0
DURABLE_WITHIN_S: Final = 20.0
TOKEN_MAX: Final = 200
HELP_RATE: Final = Rate(burst=10, per_s=0.1)
"""Calls for help of one phone: nobody presses more often, and an app that has gone wild drowns no other's."""
GUESSES_AT_ONCE: Final = 2

FindLink = Callable[[str], Awaitable[Link | None]]
"""The device behind a token's SHA-256 (hex), as `Links.find`."""


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, text: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.response = Response(f"{text}\n", status, headers, "text/plain")


class Phones:
    """The endpoints over one gateway's store."""

    def __init__(
        self,
        find: FindLink,
        intake: Intake,
        metrics: Metrics,
        clock_ms: Callable[[], int],
        now_s: Callable[[], float],
        rates: tuple[Rate, Rate],
    ) -> None:
        self._find = find
        self._intake = intake
        self._metrics = metrics
        self._clock_ms = clock_ms
        self._now_s = now_s
        of_a_phone, of_guesses = rates
        self._phones = Buckets(of_a_phone)
        self._helps = Buckets(HELP_RATE)
        self._guesses = Buckets(of_guesses)
        self._guessing = asyncio.Semaphore(GUESSES_AT_ONCE)
        self._away = False

    def app(self) -> Starlette:
        """The ASGI application."""
        root = Route("/", self._counted(self._osmand), methods=["GET", "POST"])
        if root.methods is not None:
            root.methods.discard("HEAD")  # it comes with GET, and would store what nobody sent
        return Starlette(
            routes=[
                root,
                Route("/owntracks", self._counted(self._owntracks), methods=["POST"]),
                Route("/healthz", _alive),
            ]
        )

    def _counted(self, endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def counted(request: Request) -> Response:
            try:
                response = await endpoint(request)
            except _Refused as refused:
                response = refused.response
            self._metrics.phone_requests.labels(status=str(response.status_code)).inc()
            response.headers["Cache-Control"] = "no-store"
            return response

        return counted

    async def _osmand(self, request: Request) -> Response:
        said = await self._take(request, asked_at_root(request, await _body(request)))
        return Response(said, media_type="text/plain")

    async def _owntracks(self, request: Request) -> Response:
        await self._take(request, asked_of_owntracks(request, await _body(request)))
        return Response("[]", media_type="application/json")

    async def _take(self, request: Request, asked: Asked) -> str:
        """What the answer says. Whoever has no token learns nothing of what is wrong with the rest."""
        whence = origin(request.client.host if request.client else "")
        link = await self._link(asked.token, whence)
        if link is None:
            raise self._nobody(asked, whence)
        server_ms = self._clock_ms()
        read = asked.reports(server_ms)
        reports = [report for report in read if isinstance(report, Report)]
        self._in_rate(link.token_sha256, reports, len(read))
        wrong = [str(error) for error in read if isinstance(error, BadReport)]
        self._metrics.phone_refused.labels(code=RejectedCode.BAD_MESSAGE).inc(len(wrong))
        told = dict.fromkeys(f"refused: {RejectedCode.BAD_MESSAGE}: {text}\n" for text in wrong)
        if reports:
            told |= dict.fromkeys(await self._store(link, reports, asked.app, server_ms))
        return "".join(told) or "ok\n"

    async def _link(self, token: str | None, whence: str) -> Link | None:
        if not token or len(token) > TOKEN_MAX:
            return None
        try:
            async with asyncio.timeout(LOOKUP_WITHIN_S), self._lane(whence):
                return await self._find(hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest())
        except TRANSIENT as error:
            raise self._unavailable(error) from None

    def _lane(self, whence: str) -> AbstractAsyncContextManager[None]:
        """Where somebody guesses, tokens are looked up a few at a time: whoever shares that address gets through."""
        return self._guessing if self._guesses.is_empty(whence, self._now_s()) else contextlib.nullcontext()

    def _nobody(self, asked: Asked, whence: str) -> _Refused:
        wait_s = self._guesses.wait_s(whence, self._now_s())
        if wait_s > 0:
            return _too_often(wait_s, "too many wrong tokens from this address")
        if asked.token is None and asked.broken is not None:
            return _Refused(HTTPStatus.BAD_REQUEST, str(asked.broken))
        what = "unknown or revoked" if asked.token else "missing"
        text = f"the device token is {what}: it is the identifier of the device, or goes into Authorization"
        return _Refused(HTTPStatus.UNAUTHORIZED, text, {"WWW-Authenticate": 'Basic realm="patrol"'})

    async def _store(self, link: Link, reports: list[Report], app: str, server_ms: int) -> list[str]:
        try:
            async with asyncio.timeout(DURABLE_WITHIN_S):
                outcome = await self._intake.take(link, reports, app, server_ms)
        except TRANSIENT as error:
            raise self._unavailable(error) from None
        self._away = False
        if not outcome.known:
            raise _Refused(HTTPStatus.UNAUTHORIZED, "this device is not registered any more")
        for refusal in outcome.refused:
            self._metrics.phone_refused.labels(code=refusal.code).inc()
        return [f"refused: {refusal.code}: {refusal.message}\n" for refusal in outcome.refused]

    def _unavailable(self, error: BaseException) -> _Refused:
        if not self._away:
            log.error("phones_refused", error=type(error).__name__)
        self._away = True
        text = "the database is away; nothing was acknowledged, send it again"
        return _Refused(HTTPStatus.SERVICE_UNAVAILABLE, text, {"Retry-After": "5"})

    def _in_rate(self, device: str, reports: list[Report], count: int) -> None:
        """A call for help passes over the phone's own limit, and has a wide one of its own."""
        calls = sum(report.sos for report in reports)
        buckets, cost = (self._helps, calls) if calls else (self._phones, max(1, count))
        wait_s = buckets.wait_s(device, self._now_s(), cost)
        if wait_s > 0:
            raise _too_often(wait_s, "too many reports from this device")


def _too_often(wait_s: float, text: str) -> _Refused:
    return _Refused(HTTPStatus.TOO_MANY_REQUESTS, text, {"Retry-After": str(math.ceil(wait_s))})


async def _alive(_request: Request) -> Response:
    return Response("alive\n", media_type="text/plain")


async def _body(request: Request) -> bytes:
    body = b""
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_LIMIT_BYTES:
                    text = f"a report has at most {BODY_LIMIT_BYTES} bytes"
                    raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text, {"Connection": "close"})
    except TimeoutError:
        raise _Refused(HTTPStatus.REQUEST_TIMEOUT, "the body did not come", {"Connection": "close"}) from None
    except ClientDisconnect:
        raise _Refused(HTTPStatus.BAD_REQUEST, "the body broke off") from None
    return body
