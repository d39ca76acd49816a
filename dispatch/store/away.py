"""Is an error the database being away, or our own fault? The first is waited for, the second is not."""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

_AWAY_CLASSES: Final = ("08", "53", "57")
"""SQLSTATE classes: connection exception, insufficient resources, operator intervention (shut-down, start-up)."""


def is_away(error: BaseException) -> bool:
    """True for a lost or refused connection, a server that starts or stops, a pool that gives none in time."""
    if isinstance(error, OSError | PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or state.startswith(_AWAY_CLASSES)
