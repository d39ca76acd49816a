"""The crew's presses and what became of each: held back so that it can be undone, queued, sent, acknowledged, rejected.

A step may be held back for some seconds before it enters the journal. It stands in the journal's file from the moment
of the press, with the press's own time, so that a kill loses nothing; it is numbered when it is let go, and that number
is noted first, so that a restart in between neither loses it nor says it twice. Nothing else is ever held back.
"""

from __future__ import annotations

import uuid
from enum import StrEnum
from typing import Any, Final

import msgspec
from msgspec import Struct

from gateway.protocol import Status, Step
from vehicle_agent.journal import Journal

HOLD_LIMIT_S: Final = 10.0
_KEPT: Final = 30  # what still waits is kept beyond that
_NOTE: Final = "presses"


class Phase(StrEnum):
    """How far a press has come."""

    HELD = "held"
    QUEUED = "queued"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"


_DONE: Final = {Phase.ACKNOWLEDGED, Phase.REJECTED}


class Press(Struct, kw_only=True, omit_defaults=True):
    """One press. `seq`: its number in the journal, noted just before it enters; `before`: the step that it followed."""

    press_id: str
    kind: str
    pressed_ms: int
    phase: Phase = Phase.QUEUED
    seq: int | None = None
    held_until_ms: int | None = None
    assignment_id: str | None = None
    status: Step | None = None
    before: Step | None = None
    reason: str | None = None
    disposition: str | None = None
    note: str | None = None
    available: bool | None = None
    active: bool | None = None

    def as_status(self, seq: int) -> Status:
        """The message of a step, under this number and with the time of the press."""
        assert self.assignment_id is not None  # noqa: S101 - steps alone are held
        assert self.status is not None  # noqa: S101
        return Status(
            seq=seq,
            time_ms=self.pressed_ms,
            assignment_id=self.assignment_id,
            status=self.status,
            reason=self.reason,
            disposition=self.disposition,
            note=self.note,
        )


class Presses:
    """The newest presses of one car, kept over restarts."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._sent_upto = 0
        self._presses = self._recall()

    def _recall(self) -> list[Press]:
        noted = self._journal.recall_as(_NOTE, list[Press]) or []
        # A flipped bit must not keep the agent from starting: without these two a held step is none.
        return [press for press in noted if press.phase is not Phase.HELD or (press.assignment_id and press.status)]

    def _keep(self) -> None:
        done = [press for press in self._presses if press.phase in _DONE]
        over = {press.press_id for press in done[: max(0, len(self._presses) - _KEPT)]}
        self._presses = [press for press in self._presses if press.press_id not in over]
        self._journal.remember(_NOTE, msgspec.json.encode(self._presses))

    def note(self, kind: str, pressed_ms: int, seq: int, **about: Any) -> None:
        """A press that is in the journal already, under this number."""
        self._presses.append(Press(press_id=_new_id(), kind=kind, pressed_ms=pressed_ms, seq=seq, **about))
        self._keep()

    def hold(self, press: Press) -> None:
        """A step that may still be taken back: on disk from now on, not in the journal."""
        press.phase = Phase.HELD
        self._journal.mark(press.as_status(0))  # so that a wrong clock is noted now, and not after a kill
        self._presses.append(press)
        self._keep()

    def enter(self, press: Press) -> None:
        """A step that goes into the journal at once."""
        press.seq = self._journal.append(press.as_status)
        self._presses.append(press)
        self._keep()

    def held(self) -> list[Press]:
        """What may still be taken back, oldest first."""
        return [press for press in self._presses if press.phase is Phase.HELD]

    def let_go(self, press: Press) -> int:
        """Into the journal, once; its number."""
        if press.seq is None or self._journal.last_seq < press.seq:
            press.seq = self._journal.append(lambda seq: self._numbered(press, seq))
        press.phase, press.held_until_ms = Phase.QUEUED, None
        self._keep()
        return press.seq

    def _numbered(self, press: Press, seq: int) -> Status:
        press.seq = seq
        self._keep()
        return press.as_status(seq)

    def undo(self, press_id: str) -> Press | None:
        """Takes it back; None where there is none to take back any more."""
        press = next((press for press in self.held() if press.press_id == press_id), None)
        if press is not None:
            self._presses.remove(press)
            self._keep()
        return press

    # ---- what the link says

    def sent(self, upto_seq: int) -> None:
        """Everything up to this number is on its way on this connection."""
        self._sent_upto = upto_seq

    def acknowledged(self, upto_seq: int) -> None:
        """The server holds everything up to this number."""
        waiting = [press for press in self._presses if press.phase is Phase.QUEUED]
        done = [press for press in waiting if press.seq is not None and press.seq <= upto_seq]
        for press in done:
            press.phase = Phase.ACKNOWLEDGED
        if done:
            self._keep()

    def rejected(self, seq: int) -> Press | None:
        """That message was refused for good, perhaps long after it was acknowledged; the press, if it is known."""
        press = next((press for press in reversed(self._presses) if press.seq == seq), None)
        if press is not None:
            press.phase = Phase.REJECTED
            self._keep()
        return press

    def as_json(self, connected: bool) -> list[dict[str, Any]]:
        """For the screen, oldest first."""
        return [msgspec.to_builtins(press) | {"phase": self._shown_phase(press, connected)} for press in self._presses]

    def _shown_phase(self, press: Press, connected: bool) -> Phase:
        on_its_way = connected and press.seq is not None and press.seq <= self._sent_upto
        return Phase.SENT if press.phase is Phase.QUEUED and on_its_way else press.phase


def new_press(kind: str, pressed_ms: int, **about: Any) -> Press:
    """A press of now."""
    return Press(press_id=_new_id(), kind=kind, pressed_ms=pressed_ms, **about)


def _new_id() -> str:
    return uuid.uuid4().hex
