"""What no living gateway holds is down: one statement, for gateways and for the dispatch server that leads.

Each run of a gateway holds an advisory lock on the number that begins the ids of all its connections (links.py). When
the last gateway died, nobody but dispatch is left to see that its lock has fallen.
"""

from __future__ import annotations

from typing import Final

END_DEAD_LINKS: Final = """
UPDATE car_links SET disconnected_at = now(), close_code = 1006
WHERE disconnected_at IS NULL AND NOT EXISTS (
    SELECT FROM pg_locks k
    WHERE k.locktype = 'advisory' AND k.granted AND k.objsubid = 1
      AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND lpad(to_hex(k.classid::bigint), 8, '0') || lpad(to_hex(k.objid::bigint), 8, '0')
          = left(replace(connection_id::text, '-', ''), 16))
RETURNING unit_id"""
"""Gives the units whose link was ended."""
