"""Signing in: sessions by an unguessable token, of which the database holds the hash alone."""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.domain.refusals import Refused
from dispatch.service.accounts import verify_password
from dispatch.service.desk import Desk
from dispatch.store.tables import sessions, users

NAMES_KEPT: Final = 10_000


class BadCredentials(Refused):
    """Unknown name, wrong password or disabled account; which of them is not told."""

    code = "bad_credentials"


class TooManyAttempts(Refused):
    """Too many failed sign-ins of one name."""

    code = "too_many_attempts"


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in user."""

    user_id: UUID
    username: str
    role: str
    csrf_token: str
    expires_at: datetime


def hash_token(token: str) -> str:
    """As it is stored: SHA-256, hex. The token has 256 random bits, so it needs no salt."""
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


class SignIns:
    """Counts failed sign-ins by name, in this process; slows guessing down without locking anybody out for long."""

    def __init__(self, limit: int, window_s: float) -> None:
        self._limit = limit
        self._window = timedelta(seconds=window_s)
        self._failed: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def attempt(self, username: str, now: datetime) -> None:
        """Counts an attempt as failed until it has succeeded, so that many at once are no way round the limit.

        Raises TooManyAttempts.
        """
        if len(self._failed) >= NAMES_KEPT:
            self._forget_old(now)
        failed = self._failed[username]
        while failed and failed[0] < now - self._window:
            failed.popleft()
        if len(failed) >= self._limit:
            minutes = max(round(self._window.total_seconds() / 60), 1)
            raise TooManyAttempts(f"Too many failed sign-ins with this name; try again in {minutes} minutes.")
        failed.append(now)

    def succeeded(self, username: str) -> None:
        """Forgets the failures before it."""
        self._failed.pop(username, None)

    def _forget_old(self, now: datetime) -> None:
        """Names that somebody made up must not fill the memory."""
        for username in [name for name, failed in self._failed.items() if failed[-1] < now - self._window]:
            del self._failed[username]


async def sign_in(desk: Desk, sign_ins: SignIns, username: str, password: str) -> tuple[str, Session]:
    """A new session and its token. Raises BadCredentials, TooManyAttempts."""
    now = desk.clock()
    async with desk.engine.connect() as connection:
        user = (await connection.execute(select(users).where(users.c.username == username))).one_or_none()
    sign_ins.attempt(username, now)
    fits = await asyncio.to_thread(verify_password, user.password_hash if user else None, password)
    if user is None or not fits or user.disabled_at is not None:
        raise BadCredentials("Name or password is wrong.")
    sign_ins.succeeded(username)
    token, csrf_token = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    expires_at = now + timedelta(hours=desk.settings.session_hours)
    async with desk.engine.begin() as connection:
        await connection.execute(delete(sessions).where(sessions.c.expires_at < now))
        await connection.execute(
            insert(sessions).values(
                token_sha256=hash_token(token), user_id=user.user_id, csrf_token=csrf_token, expires_at=expires_at
            )
        )
    return token, Session(user.user_id, user.username, user.role, csrf_token, expires_at)


async def session_of(engine: AsyncEngine, token: str, now: datetime) -> Session | None:
    """Who holds this token; None where it is unknown, expired, or its account disabled."""
    query = (
        select(users.c.user_id, users.c.username, users.c.role, sessions.c.csrf_token, sessions.c.expires_at)
        .join(users, users.c.user_id == sessions.c.user_id)
        .where(sessions.c.token_sha256 == hash_token(token), sessions.c.expires_at > now, users.c.disabled_at.is_(None))
    )
    async with engine.connect() as connection:
        row = (await connection.execute(query)).one_or_none()
    return Session(row.user_id, row.username, row.role, row.csrf_token, row.expires_at) if row else None


async def sign_out(engine: AsyncEngine, token: str) -> None:
    """The token is worth nothing from now on."""
    async with engine.begin() as connection:
        await connection.execute(delete(sessions).where(sessions.c.token_sha256 == hash_token(token)))
