"""What is done with every camera: its changes are reported, and on priority 1 or an SOS it is asked to record.

Who wore it and which order was at work is noted as time goes, for the files that it leaves.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from typing import Final

import structlog

from gateway.protocol import Camera, Notice
from vehicle_agent.cameras.seen import Seen
from vehicle_agent.cameras.source import CameraReport, CameraSource
from vehicle_agent.car import Car
from vehicle_agent.state import FINAL_STEPS, CarState

LOOK_S: Final = 0.25
BATTERY_STEP_PCT: Final = 5.0
FREE_STEP: Final = 0.1
_URGENT: Final = 1
_SOS: Final = "sos"

_log = structlog.get_logger(__name__)


class Watch:
    """All cameras of one car. `last`: what each said last."""

    def __init__(
        self,
        cameras: Sequence[CameraSource],
        car: Car,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.cameras = cameras
        self.last: dict[str, CameraReport] = {}
        self.orders = Seen()
        self._officers: dict[str, Seen] = {}
        self._told: dict[str, CameraReport] = {}
        self._car = car
        self._clock_ms = clock_ms

    async def follow(self, camera: CameraSource) -> None:
        """Journals every change that says something new; a battery by steps, so that it doesn't fill the journal."""
        async for report in camera.reports():
            self.last[camera.camera_id] = report
            self._officers.setdefault(camera.camera_id, Seen()).note(report.officer_id, self._clock_ms())
            before = self._told.get(camera.camera_id)
            if before is None or _differs(before, report):
                self.tell(camera.camera_id)

    def tell(self, camera_id: str) -> None:
        """Its state as it is now, also where it was told before."""
        report = self.last.get(camera_id, CameraReport(state="off"))
        self._told[camera_id] = report

        def message(seq: int, time_ms: int) -> Camera:
            return Camera(
                seq=seq,
                time_ms=time_ms,
                camera_id=camera_id,
                state=report.state,
                battery_pct=report.battery_pct,
                free_mb=report.free_mb,
                recording_id=report.recording_id,
                officer_id=report.officer_id,
            )

        self._car.report_camera(message)

    async def note_orders(self) -> None:
        """Until cancelled."""
        while True:
            self.orders.note(open_order(self._car.state), self._clock_ms())
            await asyncio.sleep(LOOK_S)

    def officer_during(self, camera_id: str, started_ms: int, ended_ms: int) -> str | None:
        """Whom the camera named in that time, if it named one."""
        seen = self._officers.get(camera_id)
        return None if seen is None else seen.during(started_ms, ended_ms)

    def is_recording(self, camera_id: str) -> bool:
        """As it said last."""
        return camera_id in self.last and self.last[camera_id].state == "recording"


def _differs(before: CameraReport, now: CameraReport) -> bool:
    same = (before.state, before.recording_id, before.officer_id) == (now.state, now.recording_id, now.officer_id)
    return (
        not same
        or _moved(before.battery_pct, now.battery_pct, BATTERY_STEP_PCT)
        or _moved(before.free_mb, now.free_mb, FREE_STEP * (before.free_mb or 0))
    )


def _moved(before: float | None, now: float | None, step: float) -> bool:
    if before is None or now is None:
        return before is not now
    return abs(now - before) > step or (now == 0) != (before == 0)


class AskToRecord:
    """Asks every camera once per urgent order and per SOS, and says so where one does not record `within_s` after."""

    def __init__(self, watch: Watch, state: CarState, within_s: float) -> None:
        self._watch = watch
        self._state = state
        self._within_s = within_s
        self._asked: set[str] = set()

    async def run(self) -> None:
        """Looks at what the car knows, so that it asks again after a restart."""
        async with asyncio.TaskGroup() as group:
            while True:
                reasons = self._reasons()
                if reasons - self._asked:
                    _log.info("cameras_asked_to_record", reasons=len(reasons - self._asked))
                    for camera in self._watch.cameras:
                        group.create_task(self._ask(camera))
                self._asked = reasons
                await asyncio.sleep(LOOK_S)

    def _reasons(self) -> set[str]:
        kept = self._state.kept
        urgent = {
            held.order.assignment_id
            for held in kept.orders
            if held.order.incident.priority == _URGENT and held.step not in FINAL_STEPS
        }
        return urgent | ({_SOS} if kept.sos_active else set())

    async def _ask(self, camera: CameraSource) -> None:
        camera_id = camera.camera_id
        if self._watch.is_recording(camera_id):
            return
        was_asked = await camera.ask_to_record()
        for _ in range(max(round(self._within_s / LOOK_S), 1)):
            if self._watch.is_recording(camera_id):
                return
            await asyncio.sleep(LOOK_S)
        # Told although nothing changed: the console learns that it was asked for, and is not so.
        self._watch.tell(camera_id)
        state = self._watch.last[camera_id].state if camera_id in self._watch.last else "off"
        _log.warning("camera_does_not_record", camera_id=camera_id, state=state, was_asked=was_asked)
        self._state.notices.take(Notice(text=f"攝影機 {camera_id} 沒有在錄影，請檢查或手動開啟。", level="warning"))


def open_order(state: CarState) -> str | None:
    """The one order that the crew works on; None where there is none, or more than one."""
    at_work: Collection[str] = [o.order.assignment_id for o in state.kept.orders if o.step not in FINAL_STEPS]
    return next(iter(at_work)) if len(at_work) == 1 else None
