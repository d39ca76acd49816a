"""What a press on the car's page looks like as a request, who may send one, and how a wrong one is answered.

Any page in the same browser can reach 127.0.0.1, so a request must name this host (against DNS rebinding), must not
come from another origin, and a press must be JSON (which no foreign form can send without asking first, and this server
never allows it).
"""

from __future__ import annotations

import re
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from gateway.protocol import Name, Step
from vehicle_agent.presses import HOLD_LIMIT_S

_BODY_LIMIT_BYTES: Final = 16 * 1024
_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
_MEMBER: Final = re.compile(r"`\$\.(\w+)|field `(\w+)`")
HEADERS: Final = {
    "Cache-Control": "no-store",
    # The map draws what it decodes from blobs of its own; everything else comes from this server.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
# A note this long in its widest encoding still leaves the message far below the link's 64 KiB.
Note = Annotated[str, Meta(max_length=1000, pattern=r"^[^\x00]*$")]


class StepPress(Struct, kw_only=True):
    """Body of `POST /api/step`. `hold_s`: for so long it may be taken back, and is not sent."""

    assignment_id: Name
    status: Step
    reason: Note | None = None
    disposition: Note | None = None
    note: Note | None = None
    hold_s: Annotated[float, Meta(ge=0, le=HOLD_LIMIT_S)] = 0.0


class UndoPress(Struct, kw_only=True):
    """Body of `POST /api/undo`."""

    press_id: Name


class AvailabilityPress(Struct, kw_only=True):
    """Body of `POST /api/availability`."""

    available: bool
    reason: Note | None = None


class CheckInPress(Struct, kw_only=True):
    """Body of `POST /api/check_in`."""

    assignment_id: Name


class SosPress(Struct, kw_only=True):
    """Body of `POST /api/sos`."""

    active: bool
    note: Note | None = None


class NoticeRead(Struct, kw_only=True):
    """Body of `POST /api/notice_read`."""

    notice_id: Name


class EnrolPress(Struct, kw_only=True):
    """Body of `POST /api/enrol`: the one-time code as it was typed or scanned."""

    code: Name


Body = TypeVar("Body", bound=Struct)


class Problem(Exception):
    """A request that is refused, with the answer that says why."""

    def __init__(self, status: int, code: str, detail: str, member: str | None = None) -> None:
        super().__init__(detail)
        self.response = as_json(
            {"title": code.replace("_", " "), "status": status, "code": code, "detail": detail}
            | ({} if member is None else {"member": member}),
            status,
            "application/problem+json",
        )


def as_json(content: object, status: int = 200, media_type: str = "application/json") -> Response:
    """An answer."""
    return Response(msgspec.json.encode(content), status, HEADERS, media_type)


def check_origin(request: Request) -> None:
    """Raises `Problem` where anybody but the car's own page asks."""
    host = request.headers.get("host", "")
    if re.sub(r":\d+$", "", host) not in _HOSTS:
        raise Problem(403, "foreign_host", f"this page lives on 127.0.0.1, not on {host[:100]!r}")
    origin = request.headers.get("origin")
    if origin is not None and origin != f"http://{host}":
        raise Problem(403, "foreign_origin", "another site's page may not press buttons here")
    if request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        raise Problem(403, "foreign_origin", "another site's page may not read or press here")


async def body_of(request: Request, kind: type[Body]) -> Body:
    """The request's JSON. Raises `Problem` that names the member which is wrong."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, "not_json", "send Content-Type: application/json")
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > _BODY_LIMIT_BYTES:
            raise Problem(413, "too_big", f"a press has at most {_BODY_LIMIT_BYTES} bytes")
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        named = _MEMBER.search(str(error))
        member = (named.group(1) or named.group(2)) if named else None
        raise Problem(422, "bad_member", str(error), member) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise Problem(422, "bad_json", f"the body is not JSON: {error}") from error
