"""The agent's duties side by side: those that it is nothing without, and those that fail alone and are begun again.

Link, positions and journal end the process when they fail, and systemd starts it anew. Anything else that fails (the
screen, a camera, the map) is logged, told to crew and server, and begun again: it must never cost the car its link.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

import structlog

from vehicle_agent.errors import AgentError
from vehicle_agent.troubles import TroubleCode, Troubles

AGAIN_S: Final = 10.0
STEADY_S: Final = 60.0

Duty = Callable[[], Coroutine[Any, Any, None]]
"""Called once for each begin; a duty that returns is done."""

_log = structlog.get_logger(__name__)


class Duties:
    """What one agent does. `again_s`: the pause before a failed duty is begun again; `steady_s`: how long it must have
    run since for the trouble to be over."""

    def __init__(self, troubles: Troubles, again_s: float = AGAIN_S, steady_s: float = STEADY_S) -> None:
        self._troubles = troubles
        self._again_s = again_s
        self._steady_s = steady_s
        self._failed: dict[str, str] = {}

    async def run(self, stop: asyncio.Event, vital: Mapping[str, Duty], others: Mapping[str, Duty]) -> None:
        """All of them until `stop`. Raises what a vital one raises, in an ExceptionGroup."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(begin(), name=name) for name, begin in vital.items()]
            tasks += [group.create_task(self._keep_up(name, begin), name=name) for name, begin in others.items()]
            await stop.wait()
            for task in tasks:
                task.cancel()

    async def _keep_up(self, name: str, begin: Duty) -> None:
        while True:
            steady = asyncio.get_running_loop().call_later(self._steady_s, self._is_well, name)
            try:
                await begin()
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, it ends this duty alone
                self._has_failed(name, error)
            else:
                self._is_well(name)
                return
            finally:
                steady.cancel()
            await asyncio.sleep(self._again_s)

    def _has_failed(self, name: str, error: BaseException) -> None:
        _log.error("duty_failed", duty=name, again_s=self._again_s, exc_info=error)
        cause = _innermost(error)
        # Of a fault of the program the type alone: its text may hold what the server is not to know.
        self._failed[name] = str(cause) if isinstance(cause, AgentError) else type(cause).__name__
        self._tell()

    def _is_well(self, name: str) -> None:
        if self._failed.pop(name, None) is not None:
            self._tell()

    def _tell(self) -> None:
        if self._failed:
            self._troubles.report(TroubleCode.DUTY_FAILED, ", ".join(f"{n}: {why}" for n, why in self._failed.items()))
        else:
            self._troubles.clear(TroubleCode.DUTY_FAILED)


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
