"""Coverage that falls under the threshold and stays there: an alarm for the supervisors, which says where."""

from __future__ import annotations

from typing import Final

from dispatch.domain.coverage_watch import CoverageEvent, CoverageWatch, WatchRules, look
from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.service.coverage import Picture, ThinArea
from dispatch.service.desk import Desk
from dispatch.service.transaction import transaction
from dispatch.store import alarms, views
from dispatch.store.standby import hold_standby

KIND: Final = "coverage"
NAMED_MAX: Final = 5


class CoverageAlarm:
    """Of the leading server. Whether the alarm is up is known from the table when somebody begins to lead."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._rules = WatchRules(desk.settings.coverage_threshold, desk.settings.coverage_clear)
        self._watch: CoverageWatch | None = None

    def forget(self) -> None:
        """Another server leads."""
        self._watch = None

    async def look(self, picture: Picture) -> None:
        """One look at the share within the limit; raises the alarm, or resolves it."""
        if self._watch is None:
            async with self._desk.engine.connect() as connection:
                standing = await views.alarm_rows(connection, only_open=True)
            self._watch = CoverageWatch(thin=any(row.kind == KIND for row in standing))
        watch, said = look(self._watch, picture.share, picture.at, self._rules)
        if said is CoverageEvent.THIN:
            await self._raise(picture)
        elif said is CoverageEvent.RESTORED:
            await self._resolve(picture)
        self._watch = watch

    async def _raise(self, picture: Picture) -> None:
        async with transaction(self._desk) as work:
            await hold_standby(work.connection)
            alarm_id = await alarms.raise_alarm(
                work.connection,
                kind="coverage",
                level="warning",
                raised_at=work.now,
                place=picture.thin[0].position if picture.thin else None,
                data={
                    "addressed_to": "supervisor",
                    "share": round(picture.share, 4),
                    "threshold": self._rules.alarm_below,
                    "limit_s": picture.limit_s,
                    "idle_units": picture.idle_units,
                    "thin": [_named(area) for area in picture.thin[:NAMED_MAX]],
                },
            )
            if alarm_id is not None:
                data = {"alarm_id": str(alarm_id), "share": round(picture.share, 4)}
                work.record(
                    Event(EventKind.COVERAGE_THIN, happened_at=work.now, said_by=SaidBy.SERVER, data=data),
                )

    async def _resolve(self, picture: Picture) -> None:
        async with transaction(self._desk) as work:
            await hold_standby(work.connection)
            for alarm_id in await alarms.resolve_alarms(work.connection, at=work.now, by="server", kinds=(KIND,)):
                data = {"alarm_id": str(alarm_id), "share": round(picture.share, 4)}
                work.record(
                    Event(EventKind.COVERAGE_RESTORED, happened_at=work.now, said_by=SaidBy.SERVER, data=data),
                )


def _named(area: ThinArea) -> dict[str, object]:
    return {
        "place": area.name,
        "station": area.station,
        "lat": area.position.lat,
        "lon": area.position.lon,
        "missing_share": round(area.missing_share, 4),
    }
