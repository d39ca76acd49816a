"""Errors as RFC 9457 problem details: the one table from refusals to HTTP."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from dispatch.api.schemas import Problem
from dispatch.domain import refusals, report_period
from dispatch.reports.refusals import FontMissing
from dispatch.service import officer_duty, sessions
from dispatch.store import disk
from dispatch.store.away import is_away

_log = structlog.get_logger()
MEDIA_TYPE: Final = "application/problem+json"

STATUS_OF: Final[dict[type[refusals.Refused], HTTPStatus]] = {
    refusals.NotFound: HTTPStatus.NOT_FOUND,
    refusals.NoMap: HTTPStatus.NOT_FOUND,
    refusals.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    refusals.BeforeFirstCall: HTTPStatus.UNPROCESSABLE_ENTITY,
    refusals.OutsideArea: HTTPStatus.UNPROCESSABLE_ENTITY,
    refusals.TooFewCalls: HTTPStatus.UNPROCESSABLE_ENTITY,
    refusals.FiguresInPreparation: HTTPStatus.SERVICE_UNAVAILABLE,
    refusals.FiguresDisagree: HTTPStatus.SERVICE_UNAVAILABLE,
    refusals.BadStep: HTTPStatus.CONFLICT,
    refusals.RecordingNotHere: HTTPStatus.CONFLICT,
    refusals.UnitBusy: HTTPStatus.CONFLICT,
    refusals.UnitUnavailable: HTTPStatus.CONFLICT,
    refusals.IncidentEnded: HTTPStatus.CONFLICT,
    refusals.IncidentOpen: HTTPStatus.CONFLICT,
    refusals.AssignmentEnded: HTTPStatus.CONFLICT,
    refusals.ChangedMeanwhile: HTTPStatus.CONFLICT,
    refusals.AlarmResolved: HTTPStatus.CONFLICT,
    refusals.SuggestionDecided: HTTPStatus.CONFLICT,
    report_period.PeriodNotOver: HTTPStatus.CONFLICT,
    FontMissing: HTTPStatus.SERVICE_UNAVAILABLE,
    officer_duty.UnitHeld: HTTPStatus.CONFLICT,
    officer_duty.NoDuty: HTTPStatus.CONFLICT,
    disk.StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
    disk.StorageFailed: HTTPStatus.SERVICE_UNAVAILABLE,
    sessions.BadCredentials: HTTPStatus.UNAUTHORIZED,
    sessions.TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
}
_CODE_OF_STATUS: Final = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.UNAUTHORIZED: "unauthenticated",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable",
}
RETRY_AFTER_S: Final = {HTTPStatus.TOO_MANY_REQUESTS: "300", HTTPStatus.SERVICE_UNAVAILABLE: "2"}


class ProblemResponse(JSONResponse):
    """Plain ASCII, since a member's name that a client made up may hold a lone surrogate, which UTF-8 can't carry."""

    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        return json.dumps(content).encode("ascii")


def problem(
    status: HTTPStatus,
    code: str,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """A problem detail; `code` is the stable name that programs go by."""
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "code": code,
        "errors": errors or [],
    }
    extra = dict(headers or {})
    if status is HTTPStatus.UNAUTHORIZED:
        extra["WWW-Authenticate"] = "Bearer"
    if status in RETRY_AFTER_S:
        extra.setdefault("Retry-After", RETRY_AFTER_S[status])
    return ProblemResponse(body, status_code=int(status), headers=extra)


def unavailable(error: Exception, path: str) -> JSONResponse:
    """The database is away; whoever asks may try again."""
    _log.error("database_unreachable", path=path, error=type(error).__name__)
    detail = "The database can't be reached at the moment; nothing was changed. Try again in a few seconds."
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", detail)


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These statuses, as the OpenAPI document describes them; 422 and 503 may come from anywhere."""
    return {
        status: {"description": HTTPStatus(status).phrase, "model": Problem, "content": {MEDIA_TYPE: {}}}
        for status in sorted({*statuses, 400, 413, 422, 503})
    }


def install(app: FastAPI) -> None:
    """Every error leaves the server as a problem detail; what was sent is never echoed."""

    @app.exception_handler(refusals.Refused)
    async def refused(_: Request, error: refusals.Refused) -> JSONResponse:
        status = STATUS_OF[type(error)]
        errors = [{"member": error.member, "reason": error.detail}] if error.member else []
        return problem(status, error.code, error.detail, errors=errors)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        found = error.errors()
        if any(e["type"] == "json_invalid" for e in found):
            detail = "The body is not JSON; send one JSON object."
            return problem(HTTPStatus.BAD_REQUEST, "bad_json", detail)
        errors = [{"member": _member(e["loc"]), "reason": str(e["msg"])} for e in found]
        named = "; ".join(f"{e['member']}: {e['reason']}" for e in errors)
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "validation", named, errors=errors)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        status = HTTPStatus(error.status_code)
        headers = dict(error.headers or {})
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(_methods_at(app, request)) or headers.get("Allow", "")
        code = getattr(error, "code", None) or _CODE_OF_STATUS.get(status, "error")
        return problem(status, code, str(error.detail), headers=headers)

    @app.exception_handler(SQLAlchemyError)
    @app.exception_handler(OSError)
    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> JSONResponse:
        if is_away(error):
            return unavailable(error, request.url.path)
        _log.error("request_failed", path=request.url.path, exc_info=error)
        detail = "The server failed at this request; it is logged. Nothing was changed by it."
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", detail)


def _methods_at(app: FastAPI, request: Request) -> list[str]:
    """All methods of an address: each has a route of its own, and the router names only the first one's.

    An address that stands in the document word for word is not one of those with an id in that place.
    """
    methods: set[str] = set()
    paths = app.openapi()["paths"]
    own = {request.url.path: paths[request.url.path]} if request.url.path in paths else paths
    for path, operations in own.items():
        pattern, _, _ = compile_path(path)
        if pattern.match(request.url.path):
            methods |= {name.upper() for name in operations}
    return sorted(methods)


def _member(location: tuple[int | str, ...]) -> str:
    """`body.lat` is `lat`; a whole body is `body`; query and header members keep their own names."""
    names = [str(part) for part in location]
    return ".".join(names[1:]) or names[0]
