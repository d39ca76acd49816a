"""Keeping the journal within its disk limit: the oldest fixes lose every second one, again and again, so that a coarse
track stays. Health and camera states follow when no fixes are left to thin. A status, an availability or an SOS never
goes.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from vehicle_agent.journal_file import Row, Transaction, chunk_rows, wal_pages

_DISPOSABLE: Final = ("fix", "health", "camera")
# Thin down to this share of the limit, so that it need not be done again at once.
_TARGET_SHARE: Final = 0.9


def used_bytes(database: sqlite3.Connection) -> int:
    """Bytes of the file that hold something (free pages are used again before the file grows)."""
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    (free,) = database.execute("PRAGMA freelist_count").fetchone()
    (size,) = database.execute("PRAGMA page_size").fetchone()
    return int((pages - free) * size)


def thin(database: sqlite3.Connection, limit_bytes: int) -> tuple[int, bool]:
    """Remove messages until the file fits; (how many were removed, whether it fits now). Raises sqlite3 errors.

    The write-ahead log has its share of the limit, so the file gets what is left.
    """
    (page_bytes,) = database.execute("PRAGMA page_size").fetchone()
    budget = limit_bytes - 2 * wal_pages(limit_bytes) * page_bytes
    if used_bytes(database) <= budget:
        return 0, True
    removed = 0
    target = int(budget * _TARGET_SHARE)
    chunk = chunk_rows(limit_bytes)
    for kind in _DISPOSABLE:
        while used_bytes(database) > target:
            gone = _pass(database, kind, chunk)
            removed += gone
            if not gone:
                break
    return removed, used_bytes(database) <= budget


def _pass(database: sqlite3.Connection, kind: str, chunk: int) -> int:
    """Halve the older half of this kind, chunk by chunk. All of it: stopping early would wear away the very oldest."""
    (count,) = database.execute("SELECT count(*) FROM messages WHERE kind = ?", (kind,)).fetchone()
    older_half, seen, after, removed = count // 2, 0, 0, 0
    while seen < older_half:
        take = min(chunk, older_half - seen)
        seqs = [
            seq
            for (seq,) in database.execute(
                "SELECT seq FROM messages WHERE kind = ? AND seq > ? ORDER BY seq LIMIT ?", (kind, after, take)
            )
        ]
        if not seqs:
            break
        gone = seqs[1::2] if len(seqs) > 1 else seqs
        with Transaction(database):
            database.executemany("DELETE FROM messages WHERE seq = ?", [(seq,) for seq in gone])
        removed += len(gone)
        seen += len(seqs)
        after = seqs[-1]
    return removed


def halved(rows: list[Row]) -> list[Row]:
    """The same for rows in memory: every second disposable one of the older half gone."""
    half = len(rows) // 2
    disposable = [row.seq for row in rows[:half] if row.kind in _DISPOSABLE]
    gone = set(disposable[1::2])
    return [row for row in rows if row.seq not in gone]
