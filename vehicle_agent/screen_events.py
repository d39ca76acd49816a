"""The car's state as a stream of server-sent events: each change within a moment, and the clock now and then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec

from vehicle_agent.state import CarState

_LOOK_EVERY_S: Final = 0.25
_RUNNING: Final = ("clock_ms", "server_ms")
_SAY_EVERY_S: Final = 5.0
STREAMS_LIMIT: Final = 8


class StateEvents:
    """All streams of one car. `poke` shows what has just changed at once; whatever changes is seen without it too."""

    def __init__(self, state: CarState) -> None:
        self._state = state
        self._poked = asyncio.Event()
        self._closing = False
        self.streams = 0

    def poke(self) -> None:
        """Something changed."""
        self._poked.set()
        self._poked = asyncio.Event()

    def close(self) -> None:
        """Ends every stream."""
        self._closing = True
        self.poke()

    async def stream(self) -> AsyncIterator[bytes]:
        """Until the reader is gone."""
        loop = asyncio.get_running_loop()
        told: dict[str, Any] | None = None
        told_s = 0.0
        self.streams += 1
        try:
            while not self._closing:
                poked = self._poked
                state = self._state.as_json()
                seen = {name: value for name, value in state.items() if name not in _RUNNING}
                if seen != told or loop.time() - told_s >= _SAY_EVERY_S:
                    told, told_s = seen, loop.time()
                    yield b"data: " + msgspec.json.encode(state) + b"\n\n"
                try:
                    async with asyncio.timeout(_LOOK_EVERY_S):
                        await poked.wait()
                except TimeoutError:
                    continue
        finally:
            self.streams -= 1
