"""Who asks, and may they? Bearer token or session cookie with CSRF protection; roles by call."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final

from fastapi import Depends, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from dispatch.service.desk import Desk
from dispatch.service.incidents import Person
from dispatch.service.sessions import Session, session_of

COOKIE: Final = "patrol_session"
CSRF_HEADER: Final = "X-CSRF-Token"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_bearer = HTTPBearer(auto_error=False, description="The token of POST /session")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description=f"With {CSRF_HEADER} on every change")


def desk_of(connection: HTTPConnection) -> Desk:
    """The desk of this server."""
    desk: Desk = connection.app.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(desk_of)]


def tokens_of(connection: HTTPConnection) -> tuple[str | None, bool]:
    """The token of a request, and whether it came as a cookie. A bearer token goes before a cookie."""
    scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer.strip():
        return bearer.strip(), False
    return connection.cookies.get(COOKIE), True


async def session_or_none(connection: HTTPConnection) -> Session | None:
    """The session of a request; None where nobody is signed in. Checks no CSRF token."""
    token, _ = tokens_of(connection)
    if not token:
        return None
    desk = desk_of(connection)
    return await session_of(desk.engine, token, desk.clock())


class CsrfRefused(HTTPException):
    """A change by cookie without the session's CSRF token."""

    code = "csrf"

    def __init__(self) -> None:
        super().__init__(403, f"Send the csrf_token of GET /api/v1/session in the header {CSRF_HEADER}.")


async def signed_in(
    connection: HTTPConnection,
    _header: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None,
    _cookie_value: Annotated[str | None, Security(_cookie)] = None,
) -> Session:
    """Raises 401 for nobody, 403 for a change that a foreign page may have sent along with the cookie."""
    session = await session_or_none(connection)
    if session is None:
        raise HTTPException(401, "Sign in first: POST /api/v1/session, then send the token as bearer token or cookie.")
    _, by_cookie = tokens_of(connection)
    if by_cookie and connection.scope.get("method", "GET") not in _SAFE:
        sent = connection.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(sent.encode(), session.csrf_token.encode()):
            raise CsrfRefused
    return session


def role(*allowed: str) -> Callable[[Session], Coroutine[Any, Any, Person]]:
    """A dependency that lets these roles pass and gives the person."""

    async def check(session: Annotated[Session, Depends(signed_in)]) -> Person:
        if session.role not in allowed:
            raise HTTPException(403, f"This is for {', '.join(allowed)}; you are signed in as {session.role}.")
        return Person(session.user_id, session.username)

    return check


SignedIn = Annotated[Session, Depends(signed_in)]
IS_SIGNED_IN = Depends(signed_in)
MAY_DISPATCH = Depends(role("dispatcher", "supervisor"))
MAY_READ = Depends(role("dispatcher", "supervisor", "auditor"))
Dispatching = Annotated[Person, MAY_DISPATCH]
Reading = Annotated[Person, MAY_READ]
