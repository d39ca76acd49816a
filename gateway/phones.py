"""The phones' own HTTP port: OsmAnd and Traccar's client at `/`, OwnTracks at `/owntracks`. docs/phones.md tells users.

200 means durable, or refused for good as the link does it (the text says so): an app asked to try again would hold back
all that it kept behind it. 400: can't be read; 401: no valid token; 413, 429, 503: as they say. Nothing of a request
is logged: it names an officer's place, and may carry the token in its address.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.database import TRANSIENT
from gateway.links import Link
from gateway.metrics import Metrics
from gateway.phones_intake import Intake
from gateway.phones_limits import Buckets, Rate
from gateway.phones_osmand import report_from_json, report_from_query, token_in_json, token_in_query
from gateway.phones_owntracks import report_from_owntracks
from gateway.phones_report import BadReport, Report

log = structlog.get_logger(__name__)

BODY_LIMIT_BYTES: Final = 64 * 1024
BODY_WITHIN_S: Final = 10.0
LOOKUP_WITHIN_S: Final = 3.0
DURABLE_WITHIN_S: Final = 20.0
FIELDS_MAX: Final = 100
TOKEN_MAX: Final = 200
WRONG_TOKEN_COSTS: Final = 40

FindLink = Callable[[str], Awaitable[Link | None]]
"""The device behind a token's SHA-256 (hex), as `Links.find`."""


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, text: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.response = Response(f"{text}\n", status, headers, "text/plain")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that can be read: who says so (a token), and the report as a function of the server's time."""

    token: str | None
    report: Callable[[int], Report | None]
    app: str


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
        of_a_phone, of_an_address = rates
        self._phones = Buckets(of_a_phone)
        self._addresses = Buckets(of_an_address)
        self._away = False

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/", self._counted(self._osmand), methods=["GET", "POST"]),
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
            except BadReport as error:
                response = _Refused(HTTPStatus.BAD_REQUEST, str(error)).response
            self._metrics.phone_requests.labels(status=str(response.status_code)).inc()
            response.headers["Cache-Control"] = "no-store"
            return response

        return counted

    async def _osmand(self, request: Request) -> Response:
        address = self._admit(request)
        body = await _body(request)
        said = await self._take(request, address, _osmand_request(request, body))
        return Response(said, media_type="text/plain")

    async def _owntracks(self, request: Request) -> Response:
        address = self._admit(request)
        body = await _body(request)
        asked = _Asked(None, lambda _: report_from_owntracks(_json(body)) if body.strip() else None, "owntracks")
        await self._take(request, address, asked)
        return Response("[]", media_type="application/json")

    def _admit(self, request: Request) -> str:
        address = request.client.host if request.client else ""
        self._in_rate(self._addresses, address, "too many requests from this address")
        return address

    async def _take(self, request: Request, address: str, asked: _Asked) -> str:
        """What the answer says. Whoever has no token learns nothing of what is wrong with the rest."""
        token = _token(request) or asked.token
        link = await self._link(token)
        if link is None:
            self._addresses.charge(address, self._now_s(), WRONG_TOKEN_COSTS)
            what = "unknown or revoked" if token else "missing"
            text = f"the device token is {what}: it is the identifier of the device, or goes into Authorization"
            raise _Refused(HTTPStatus.UNAUTHORIZED, text, {"WWW-Authenticate": 'Basic realm="patrol"'})
        server_ms = self._clock_ms()
        report = asked.report(server_ms)
        if report is None or not report.sos:  # a call for help is never too much
            self._in_rate(self._phones, link.token_sha256, "too many reports from this device")
        return "ok\n" if report is None else await self._store(link, report, asked.app, server_ms)

    async def _link(self, token: str | None) -> Link | None:
        if not token or len(token) > TOKEN_MAX:
            return None
        try:
            async with asyncio.timeout(LOOKUP_WITHIN_S):
                return await self._find(hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest())
        except TRANSIENT as error:
            raise self._unavailable(error) from None

    async def _store(self, link: Link, report: Report, app: str, server_ms: int) -> str:
        try:
            async with asyncio.timeout(DURABLE_WITHIN_S):
                outcome = await self._intake.take(link, report, app, server_ms)
        except TRANSIENT as error:
            raise self._unavailable(error) from None
        self._away = False
        if not outcome.known:
            raise _Refused(HTTPStatus.UNAUTHORIZED, "this device is not registered any more")
        return "".join(f"refused: {refusal.code}: {refusal.message}\n" for refusal in outcome.refused) or "ok\n"

    def _unavailable(self, error: BaseException) -> _Refused:
        if not self._away:
            log.error("phones_refused", error=type(error).__name__)
        self._away = True
        text = "the database is away; nothing was acknowledged, send it again"
        return _Refused(HTTPStatus.SERVICE_UNAVAILABLE, text, {"Retry-After": "5"})

    def _in_rate(self, buckets: Buckets, name: str, text: str) -> None:
        wait_s = buckets.wait_s(name, self._now_s())
        if wait_s > 0:
            raise _Refused(HTTPStatus.TOO_MANY_REQUESTS, text, {"Retry-After": str(math.ceil(wait_s))})


async def _alive(_request: Request) -> Response:
    return Response("alive\n", media_type="text/plain")


def _osmand_request(request: Request, body: bytes) -> _Asked:
    if body.lstrip().startswith(b"{"):
        said = _json(body)
        return _Asked(token_in_json(said), lambda _: report_from_json(said), "traccar")
    query = {**_fields(body), **_fields(request.scope["query_string"])}
    return _Asked(token_in_query(query), lambda server_ms: report_from_query(query, server_ms), "osmand")


def _fields(text: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(text.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FIELDS_MAX))
    except ValueError:
        raise BadReport(f"more than {FIELDS_MAX} members") from None


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        raise BadReport("the body is not JSON") from None


def _token(request: Request) -> str | None:
    """The token of the header: as bearer token, or as the password of Basic, whoever the user."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip() or None
    if scheme.lower() != "basic":
        return None
    try:
        user_and_password = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return user_and_password.partition(":")[2] or None


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
