"""From the receivers to the journal: which fixes are sent, and what is counted against the day's budget."""

from __future__ import annotations

from collections.abc import Callable

from vehicle_agent.budget import Budget
from vehicle_agent.car import Car
from vehicle_agent.journal import Journal
from vehicle_agent.pace import Pace
from vehicle_agent.receiver_settings import Reception, Sending
from vehicle_agent.receivers import Receivers, unheard
from vehicle_agent.state import CarState

_NOTE = "sent_today"


class Reporting:
    """Receivers, pace and budget of one car. `report`, `clear` take the receivers' troubles by their codes."""

    def __init__(
        self,
        reception: Reception,
        sending: Sending,
        journal: Journal,
        state: CarState,
        report: Callable[[str, str], None] = unheard,
        clear: Callable[[str], None] = unheard,
    ) -> None:
        """Raises `SettingsError` where a file cannot be read."""
        self._receivers = Receivers(reception, state.server_now_ms, report, clear)
        self._budget: Budget | None = None
        if sending.budget_bytes is not None:
            self._budget = Budget(
                sending.budget_bytes,
                journal.waiting,
                journal.recall(_NOTE),
                lambda noted: journal.remember(_NOTE, noted),
            )
        self._pace: Pace | None = None
        if sending.adaptive:
            self._pace = Pace(state.pressing, *(() if self._budget is None else (self._budget.left,)))

    def sent(self, frame: str) -> None:
        """This frame went out."""
        if self._budget is not None:
            self._budget.send(len(frame.encode()))

    async def run(self, car: Car) -> None:
        """Let the car hear its receivers, for as long as it runs."""
        if self._pace is not None:
            car.due = self._pace.due
        try:
            await self._receivers.run(car.report_position)
        finally:
            if self._budget is not None:
                self._budget.keep()
