"""What waits for a supervisor's look and what somebody ruled on, in plain SQL: what sheets are held to."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.review_state import ReviewState

_STATES: Final = """
WITH arrivals AS (
    SELECT coalesce(call.merged_into, call.incident_id) AS incident_id, a.assignment_id, a.dispatched_at,
        a.review <> '{}' AS is_marked, newest.decided_at,
        CASE WHEN coalesce(newest.ruling, 'stands') = 'stands' THEN a.on_scene_at ELSE newest.on_scene_at END AS counts,
        EXISTS (SELECT FROM events AS e WHERE e.assignment_id = a.assignment_id
            AND e.kind = 'unit_on_scene' AND e.said_by = 'inferred') AS is_inferred,
        (SELECT max(e.recorded_at) FROM events AS e WHERE e.assignment_id = a.assignment_id
            AND e.kind IN ('unit_on_scene', 'arrival_marked_for_review')) AS heard_at
    FROM assignments AS a JOIN incidents AS call ON call.incident_id = a.incident_id
    LEFT JOIN LATERAL (SELECT * FROM reviews AS r WHERE r.assignment_id = a.assignment_id
        ORDER BY r.number DESC LIMIT 1) AS newest ON true
), firsts AS (
    SELECT DISTINCT ON (incident_id) incident_id,
        (is_marked OR counts IS NULL AND is_inferred) AND (decided_at IS NULL OR heard_at > decided_at) AS wants_a_look
    FROM arrivals
    ORDER BY incident_id, counts NULLS LAST, counts IS NULL AND is_inferred DESC, dispatched_at, assignment_id
)
SELECT i.incident_id,
    coalesce(wants_a_look, false) AND coalesce(
        (SELECT r.exclusion IS NULL FROM reviews AS r WHERE r.incident_id = i.incident_id
            AND r.ruling IN ('excluded', 'counted') ORDER BY r.number DESC LIMIT 1),
        i.exclusion IS NULL)
    OR i.state = 'cancelled' AND i.ended_at - i.received_at > interval '10 minutes' AND i.exclusion IS NULL
        AND NOT EXISTS (SELECT FROM arrivals WHERE arrivals.incident_id = i.incident_id AND counts IS NOT NULL)
        AND (SELECT r.on_scene_at FROM reviews AS r WHERE r.incident_id = i.incident_id AND r.assignment_id IS NULL
            AND r.ruling IN ('corrected', 'stands') ORDER BY r.number DESC LIMIT 1) IS NULL
        AND NOT EXISTS (SELECT FROM reviews AS r WHERE r.incident_id = i.incident_id
            AND r.ruling IN ('excluded', 'counted')) AS is_open,
    EXISTS (SELECT FROM reviews AS r WHERE r.incident_id = i.incident_id) AS is_ruled
FROM incidents AS i LEFT JOIN firsts ON firsts.incident_id = i.incident_id
WHERE i.state IN ('closed', 'cancelled')
ORDER BY i.received_at DESC, i.incident_id DESC
"""


async def raw_reviews(connection: AsyncConnection) -> dict[ReviewState, list[UUID]]:
    """The incidents of each list, the newest first."""
    rows = (await connection.execute(text(_STATES))).all()
    return {
        "open": [row.incident_id for row in rows if row.is_open],
        "done": [row.incident_id for row in rows if row.is_ruled and not row.is_open],
    }
