"""Accounts and their passwords. Passwords are kept as argon2id hashes (RFC 9106, the library's second profile)."""

from __future__ import annotations

from functools import cache
from typing import Final
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.domain.refusals import Invalid
from dispatch.store import registry

ROLES: Final = ("dispatcher", "officer", "supervisor", "admin", "auditor")
SHORT_PASSWORD: Final = 12
PASSWORD_LIMIT: Final = 1000
_hasher: Final = PasswordHasher()  # argon2id, 64 MiB, 3 passes: about 50 ms; run it in a thread


def hash_password(password: str) -> str:
    """The hash to keep. Takes tens of milliseconds: call it through asyncio.to_thread in a server."""
    return _hasher.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Is it the password? With None (no such account) it takes as long and says no, so that names don't leak."""
    try:
        return _hasher.verify(password_hash or _nobodys_hash(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


async def add_user(engine: AsyncEngine, username: str, password: str, role: str) -> UUID:
    """A new account. Raises Invalid for an impossible name, password or role, or a name that is taken."""
    if not username.strip() or len(username) > 200 or not username.isprintable():
        raise Invalid("a user name has 1 to 200 printable characters", member="username")
    if not 1 <= len(password) <= PASSWORD_LIMIT:
        raise Invalid(f"a password has 1 to {PASSWORD_LIMIT} characters", member="password")
    if role not in ROLES:
        raise Invalid(f"a role is one of {', '.join(ROLES)}", member="role")
    async with engine.begin() as connection:
        return await registry.add_user(connection, username, hash_password(password), role)


@cache
def _nobodys_hash() -> str:
    return hash_password("nobody has this one")
