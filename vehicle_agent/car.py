"""What happens in the car, each thing journalled with its own time: positions, the crew's presses, camera states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import structlog

from gateway.protocol import Availability, Camera, CheckIn, Recording, Sos, Step
from vehicle_agent.errors import StepError
from vehicle_agent.journal import Journal
from vehicle_agent.presses import Press, new_press
from vehicle_agent.receiver import Position
from vehicle_agent.state import FINAL_STEPS, CarState

# A crew goes forward only; a step that was skipped is filled in by the dispatching side.
_ORDER_OF_STEPS: Final = (None, Step.ACKNOWLEDGED, Step.EN_ROUTE, Step.ON_SCENE, Step.CLEARED)
_MAY_DECLINE: Final = {None, Step.ACKNOWLEDGED, Step.EN_ROUTE}

_log = structlog.get_logger(__name__)


class Car:
    """The one place from which messages enter the journal.

    `journalled` is called after each message with True where a person waits for it (a press), False otherwise.
    """

    def __init__(self, journal: Journal, state: CarState, clock_ms: Callable[[], int]) -> None:
        self._journal = journal
        self.state = state
        self._clock_ms = clock_ms
        self.journalled: Callable[[bool], None] = lambda _urgent: None
        self.due: Callable[[Position], bool] = lambda _place: True
        """Whether a position is to be sent (pace.py)."""
        self._take_up_held()

    def _take_up_held(self) -> None:
        """What was pressed just before the agent died counts; before anything else is numbered."""
        for press in self.state.presses.held():
            held = self.state.order(press.assignment_id or "")
            if held is not None:
                held.step = press.status
            self.state.presses.let_go(press)
            self.state.keep()
            _log.info("held_press_taken_up", assignment_id=press.assignment_id, status=press.status, seq=press.seq)

    def report_position(self, place: Position | None) -> None:
        """The receiver's newest word; a position that is due is journalled, "no fix" only shown."""
        self.state.set_position(place)
        if place is not None and self.due(place):
            self._journal.append(place.as_fix)
            self.journalled(False)

    def step(
        self,
        assignment_id: str,
        step: Step,
        *,
        reason: str | None = None,
        disposition: str | None = None,
        note: str | None = None,
        hold_s: float = 0.0,
    ) -> int | None:
        """The crew's step in an order, at the time of the press; its number, None for the same press again.

        With `hold_s` it can be undone for so long (None too): who asks for that calls `let_go_held` after it. What
        was held before enters the journal now. Raises `StepError`: `unknown_assignment`, or `bad_step` for a way back.
        """
        pressed_ms = self._clock_ms()
        held = self.state.order(assignment_id)
        if held is None:
            raise StepError("unknown_assignment", f"this car has no order with assignment_id {assignment_id}")
        if held.step == step:
            return None
        if held.step in FINAL_STEPS or not _follows(held.step, step):
            raise StepError("bad_step", f"status {step.value} cannot follow {held.step and held.step.value}")
        self.let_go_held()
        press = new_press(
            "status",
            pressed_ms,
            assignment_id=assignment_id,
            status=step,
            before=held.step,
            reason=reason,
            disposition=disposition,
            note=note,
            held_until_ms=pressed_ms + round(hold_s * 1000) if hold_s > 0 else None,
        )
        if hold_s > 0:
            self.state.presses.hold(press)
        else:
            self.state.presses.enter(press)
        held.step = step
        self.state.keep()
        if press.seq is not None:
            _log.info("step_taken", assignment_id=assignment_id, status=step.value, seq=press.seq)
            self.journalled(True)
        return press.seq

    def let_go_held(self, press_id: str | None = None) -> None:
        """This step (None: every step) that was held back can't be undone any more: into the journal, with its time."""
        for press in self.state.presses.held():
            if press_id not in {None, press.press_id}:
                continue
            seq = self.state.presses.let_go(press)
            _log.info("step_taken", assignment_id=press.assignment_id, status=press.status, seq=seq)
            self.journalled(True)

    def undo(self, press_id: str) -> Press:
        """Takes back a step that is still held. Raises `StepError` `too_late` where it is not."""
        press = self.state.presses.undo(press_id)
        if press is None:
            raise StepError("too_late", "this press can't be taken back any more")
        held = self.state.order(press.assignment_id or "")
        if held is not None:
            held.step = press.before
            self.state.keep()
        _log.info("step_undone", assignment_id=press.assignment_id, status=press.status)
        return press

    def set_available(self, available: bool, reason: str | None = None) -> int:
        """On patrol, or out of service with a reason."""
        pressed_ms = self._clock_ms()
        seq = self._journal.append(
            lambda seq: Availability(seq=seq, time_ms=pressed_ms, available=available, reason=reason)
        )
        self.state.kept.available, self.state.kept.availability_reason = available, reason
        self.state.keep()
        self.state.presses.note("availability", pressed_ms, seq, available=available, reason=reason)
        _log.info("availability_set", available=available, seq=seq)
        self.journalled(True)
        return seq

    def sos(self, active: bool, note: str | None = None) -> int:
        """An officer needs help, or that is over; with the position if there is one from the last seconds."""
        pressed_ms = self._clock_ms()
        place = self.state.position()
        seq = self._journal.append(
            lambda seq: Sos(
                seq=seq,
                time_ms=pressed_ms,
                active=active,
                lat=None if place is None else place.lat,
                lon=None if place is None else place.lon,
                note=note,
            )
        )
        # Out first: nothing may come between an officer in danger and the link.
        self.journalled(True)
        self.state.kept.call(active, seq)
        self.state.keep()
        self.state.presses.note("sos", pressed_ms, seq, active=active)
        _log.warning("sos", active=active, seq=seq)
        return seq

    def check_in(self, assignment_id: str) -> int:
        """The crew of this order is well. Raises `StepError` `unknown_assignment`."""
        pressed_ms = self._clock_ms()
        if self.state.order(assignment_id) is None:
            raise StepError("unknown_assignment", f"this car has no order with assignment_id {assignment_id}")
        seq = self._journal.append(lambda seq: CheckIn(seq=seq, time_ms=pressed_ms, assignment_id=assignment_id))
        self.state.presses.note("check_in", pressed_ms, seq, assignment_id=assignment_id)
        _log.info("checked_in", assignment_id=assignment_id, seq=seq)
        self.journalled(True)
        return seq

    def report_camera(self, make: Callable[[int, int], Camera]) -> int:
        """A camera's new state; `make` builds the message from its number and the time now."""
        now_ms = self._clock_ms()
        seq = self._journal.append(lambda seq: make(seq, now_ms))
        told = make(seq, now_ms)
        entry: dict[str, Any] = {"camera_id": told.camera_id, "state": told.state, "time_ms": told.time_ms}
        self.state.cameras[told.camera_id] = entry
        self.journalled(False)
        return seq

    def was_heard(self, seq: int) -> bool:
        """Whether the gateway has this message, or the journal that held it is gone."""
        return seq <= self._journal.acknowledged or seq > self._journal.last_seq

    def report_recording(self, make: Callable[[int, int], Recording]) -> int:
        """A recording is closed; `make` builds its index from its number and the time now."""
        now_ms = self._clock_ms()
        seq = self._journal.append(lambda seq: make(seq, now_ms))
        self.journalled(False)
        return seq


def _follows(before: Step | None, step: Step) -> bool:
    if step == Step.DECLINED:
        return before in _MAY_DECLINE
    return before in _ORDER_OF_STEPS and _ORDER_OF_STEPS.index(step) > _ORDER_OF_STEPS.index(before)
