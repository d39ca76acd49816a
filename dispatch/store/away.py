"""Is an error the database being away, or our own fault? The first is waited for, the second is not."""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

_AWAY_CLASSES: Final = ("08", "53", "57")
"""SQLSTATE classes: connection exception, insufficient resources, operator intervention (shut-down, start-up)."""


_TRY_AGAIN_CLASSES: Final = ("40",)
"""Transaction rollback: a deadlock or a serialization failure, where the same may succeed the next time."""


def is_passing(error: BaseException) -> bool:
    """True where the same command may succeed if it is tried again: it was not the command's fault."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    return is_away(error) or state.startswith(_TRY_AGAIN_CLASSES)


def is_away(error: BaseException) -> bool:
    """True for a lost or refused connection, a server that starts or stops, a pool that gives none in time."""
    if isinstance(error, OSError | PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or state.startswith(_AWAY_CLASSES)
