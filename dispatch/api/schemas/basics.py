"""What all messages of the API are made of: types, bodies and views, sessions, problem details."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
)

CategoryName = Literal["criminal", "public_order", "traffic", "traffic_accident", "disaster", "service", "other"]
AccidentClassName = Literal["A1", "A2", "A3"]
RoleName = Literal["dispatcher", "officer", "supervisor", "admin", "auditor"]
UnitStatusName = Literal["AVAILABLE", "DISPATCHED", "EN_ROUTE", "ON_SCENE", "OUT_OF_SERVICE"]
# As a query carries them everything is text; in a body a number is a number, and neither "2" nor true.
QueryPriority = Annotated[int, Field(ge=1, le=4, description="1 highest .. 4")]
QueryLatitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
QueryLongitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Priority = Annotated[QueryPriority, Strict()]
Latitude = Annotated[QueryLatitude, Strict()]
Longitude = Annotated[QueryLongitude, Strict()]
Flag = Annotated[bool, Strict()]
NO_NUL = r"^[^\x00]*$"
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NO_NUL)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000, pattern=NO_NUL)]


_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)")


def _as_rfc_3339(value: Any) -> Any:
    """A bare number is no time: nobody could say whether it counts seconds or milliseconds."""
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("must be a time with offset as RFC 3339 writes it, such as 2026-11-23T10:00:00+08:00")
    return value


def _in_calendar(value: datetime) -> datetime:
    if not 1970 <= value.year <= 9998:
        raise ValueError("must lie between the years 1970 and 9998")
    return value.astimezone(UTC)


Time = Annotated[AwareDatetime, BeforeValidator(_as_rfc_3339), AfterValidator(_in_calendar)]


class Body(BaseModel):
    """What a client sends. Unknown members are refused: a misspelt one must not be lost in silence."""

    model_config = ConfigDict(extra="forbid")


class View(BaseModel):
    """What a client gets."""

    model_config = ConfigDict(from_attributes=True)


class SignIn(Body):
    username: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class SessionView(View):
    token: str = Field(description="Serves as bearer token; a browser gets it as an HttpOnly cookie as well")
    role: RoleName
    expires_at: datetime
    username: str
    csrf_token: str = Field(description="With the cookie, send it back in the header X-CSRF-Token on each change")


class CurrentSession(View):
    username: str
    role: RoleName
    expires_at: datetime
    csrf_token: str


class ProblemMember(View):
    member: str
    reason: str


class Problem(View):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[ProblemMember] = []
