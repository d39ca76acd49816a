"""What a phone's request asks: whose token it carries, and the reports in it, whichever protocol it speaks."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request

from gateway.phones_osmand import report_from_query, reports_from_json, token_in_json, token_in_query
from gateway.phones_owntracks import report_from_owntracks
from gateway.phones_report import BadReport, Report

FIELDS_MAX: Final = 100

Reports = list[Report | BadReport]
"""What is in a request: each report, or what is wrong with that one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. `broken`: why nothing of its body can be read, not even whether it carries a token."""

    token: str | None
    reports: Callable[[int], Reports]
    """As a function of the server's time, ms since the epoch."""
    app: str
    broken: BadReport | None = None


def asked_at_root(request: Request, body: bytes) -> Asked:
    """OsmAnd's and Traccar's, with a query, a form, or JSON."""
    header = _token_in_header(request)
    query: dict[str, str] = {}
    try:
        query = _fields(request.scope["query_string"])
        if body.lstrip()[:1] in (b"{", b"["):
            said = _json(body)
            token = header or token_in_query(query) or token_in_json(said)
            return Asked(token, lambda server_ms: reports_from_json(said, server_ms), "traccar")
        both = {**_fields(body), **query}
    except BadReport as error:
        return _unreadable(header or token_in_query(query), error, "traccar")
    return Asked(header or token_in_query(both), lambda now: _one(report_from_query, both, now), "osmand")


def asked_of_owntracks(request: Request, body: bytes) -> Asked:
    """OwnTracks in HTTP mode; an empty body asks for nothing."""
    token = _token_in_header(request)
    if not body.strip():
        return Asked(token, lambda _: [], "owntracks")
    try:
        said = _json(body)
    except BadReport as error:
        return _unreadable(token, error, "owntracks")
    return Asked(token, lambda now: _one(lambda it, _: report_from_owntracks(it), said, now), "owntracks")


def _unreadable(token: str | None, error: BadReport, app: str) -> Asked:
    return Asked(token, lambda _: [error], app, error)


def _one(read: Callable[[Any, int], Report | None], said: Any, server_ms: int) -> Reports:
    try:
        report = read(said, server_ms)
    except BadReport as error:
        return [error]
    return [] if report is None else [report]


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


def _token_in_header(request: Request) -> str | None:
    """As bearer token, or as the password of Basic, whoever the user."""
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
