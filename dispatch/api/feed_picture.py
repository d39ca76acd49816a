"""What the screens show, as frames by id: all of it, and what a batch of log lines changed.

Everything of one picture comes from one database snapshot, so that no frame mixes an old incident with a new unit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.api import present
from dispatch.api.standby import suggestion_view
from dispatch.store import log, standby, views
from dispatch.store.rows import AnyRow

Frame = dict[str, Any]
Group = dict[str, Frame]
Picture = dict[str, Group]
GROUPS: Final = ("units", "incidents", "alarms", "suggestions")


async def read_picture(connection: AsyncConnection) -> Picture:
    """All units; the incidents, alarms and suggestions that have not ended."""
    return {
        "units": _by_id(await present.unit_views(connection)),
        "incidents": _by_id(await present.incident_views(connection, await views.open_incident_rows(connection))),
        "alarms": _by_id(
            present.alarm_view(row) for row in await views.alarm_rows(connection, only_open=True, limit=None)
        ),
        "suggestions": _by_id(suggestion_view(row) for row in await standby.standing_suggestions(connection)),
    }


def differences(told: Picture, now: Picture) -> set[tuple[str, str]]:
    """Group and id of everything that is not as it was told. Positions have frames of their own and don't count."""
    return {
        (name, key)
        for name in GROUPS
        for key in told[name].keys() | now[name].keys()
        if _without_position(told[name].get(key)) != _without_position(now[name].get(key))
    }


def take(told: Picture, changed: Mapping[str, Iterable[Frame]]) -> None:
    """Applies what an event's frame carries, by the rules that screens keep."""
    for name in GROUPS:
        for item in changed[name]:
            if _stays(name, item):
                told[name][item["id"]] = item
            else:
                told[name].pop(item["id"], None)


def _stays(name: str, item: Frame) -> bool:
    if name == "incidents":
        return bool(item["state"] == "open")
    return name == "units" or item[{"alarms": "resolved_at", "suggestions": "ended_at"}[name]] is None


def _without_position(item: Frame | None) -> Frame | None:
    return None if item is None else {**item, "position": None}


class Changed:
    """What a batch of events changed, as it is in the moment of the batch."""

    def __init__(self, groups: Picture, into: Mapping[UUID, UUID]) -> None:
        self._groups, self._into = groups, into

    @classmethod
    async def of(cls, connection: AsyncConnection, rows: Sequence[AnyRow]) -> Changed:
        """Reads the units, incidents, alarms and suggestions that these log lines touch."""
        named = {row.incident_id for row in rows if row.incident_id}
        incident_rows = await views.incident_rows(connection, named)
        into = {row.incident_id: row.merged_into for row in incident_rows if row.merged_into}
        # A unit that was sent to a call merged since shows in the incident that the call went into.
        more = await views.incident_rows(connection, set(into.values()) - named)
        incidents = await present.incident_views(connection, [*incident_rows, *more])
        units = await present.unit_views(connection, {row.unit_id for row in rows if row.unit_id})
        alarms = [present.alarm_view(row) for row in await views.changed_alarm_rows(connection, rows)]
        suggested = [UUID(row.data["suggestion_id"]) for row in rows if "suggestion_id" in row.data]
        found = await standby.suggestion_rows(connection, suggestion_ids=suggested) if suggested else []
        groups = {
            "units": _by_id(units),
            "incidents": _by_id(incidents),
            "alarms": _by_id(alarms),
            "suggestions": _by_id(map(suggestion_view, found)),
        }
        return cls(groups, into)

    def by(self, row: AnyRow) -> dict[str, list[Frame]]:
        """What one of the events changed."""
        incidents = [str(one) for one in (row.incident_id, self._into.get(row.incident_id)) if one]
        unit, alarm_id = str(row.unit_id), row.data.get("alarm_id")
        alarms = [
            alarm
            for alarm in self._groups["alarms"].values()
            if alarm["id"] == alarm_id or alarm["incident_id"] in incidents or alarm["unit_id"] == unit
        ]
        return {
            "units": self._named("units", [unit]),
            "incidents": self._named("incidents", incidents),
            "alarms": alarms,
            "suggestions": self._named("suggestions", [row.data.get("suggestion_id")]),
        }

    def _named(self, name: str, keys: Collection[str | None]) -> list[Frame]:
        return [self._groups[name][key] for key in keys if key in self._groups[name]]


async def new_lines(connection: AsyncConnection, after: int, limit: int) -> tuple[Sequence[AnyRow], Changed | None]:
    """The log lines that follow `after`, at most `limit`, and what they changed."""
    rows = await log.events_after(connection, after, limit)
    return rows, await Changed.of(connection, rows) if rows else None


def _by_id(items: Iterable[BaseModel]) -> Group:
    return {frame["id"]: frame for frame in (item.model_dump(mode="json") for item in items)}
