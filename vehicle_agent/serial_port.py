"""A receiver on a serial port. Finds the speed by itself and notices when it is pulled out.

Each port has a thread of its own: pyserial blocks, and the shared threads may all be busy with files of recordings.
"""

from __future__ import annotations

import asyncio
import itertools
import termios
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

import structlog

if TYPE_CHECKING:
    from serial import Serial

# In the order in which GNSS receivers are found set: 4800 is NMEA's own, 9600 and 38400 u-blox, 115200 newer modules.
SPEEDS_BAUD: Final = (9600, 4800, 38400, 115200, 57600, 19200)
_TRY_EACH_S: Final = 3.0
_T = TypeVar("_T")

_log = structlog.get_logger(__name__)


class SerialStream:
    """An open serial line."""

    def __init__(self, port: Serial, speeds: tuple[int, ...], thread: ThreadPoolExecutor) -> None:
        """Raises OSError."""
        self._port = port
        self._thread = thread
        self._speeds = itertools.cycle(speeds)
        self._fixed = len(speeds) == 1
        self._next_speed()

    def _next_speed(self) -> None:
        speed = next(self._speeds)
        if self._port.baudrate != speed:
            with _gone():
                self._port.baudrate = speed
        self._since_s = asyncio.get_running_loop().time()

    @classmethod
    async def open(cls, device: str, baud: int | None, quiet_s: float) -> SerialStream:
        """Open `device`. With `baud` None the usual speeds are tried in turn. Raises OSError."""
        from serial import serial_for_url  # noqa: PLC0415  (only cars with a serial receiver load it)

        speeds = SPEEDS_BAUD if baud is None else (baud,)
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="serial")
        try:
            port = await _in(thread, lambda: serial_for_url(device, baudrate=speeds[0], timeout=quiet_s))
            return cls(port, speeds, thread)
        except BaseException:
            thread.shutdown(wait=False)
            raise

    async def read(self) -> bytes:
        """What came; b"" when the line has been quiet. Raises OSError when the device is gone."""
        return await _in(self._thread, self._read)

    def _read(self) -> bytes:
        data: bytes = self._port.read(1)
        return data + self._port.read(self._port.in_waiting) if data else data

    def heard(self, *, understood: bool) -> None:
        """Try the next speed when nothing readable has come at this one. Raises OSError."""
        if understood:
            self._fixed = True
        elif not self._fixed and asyncio.get_running_loop().time() - self._since_s > _TRY_EACH_S:
            self._next_speed()
            _log.debug("serial_speed_tried", baud=self._port.baudrate)

    async def close(self) -> None:
        """Let go of the port."""
        try:
            await _in(self._thread, self._port.close)
        except OSError as error:
            _log.debug("receiver_close_failed", reason=str(error))
        finally:
            self._thread.shutdown(wait=False)


async def _in(thread: ThreadPoolExecutor, work: Callable[[], _T]) -> _T:
    def done() -> _T:
        with _gone():
            return work()

    return await asyncio.get_running_loop().run_in_executor(thread, done)


@contextmanager
def _gone() -> Iterator[None]:
    """A device that goes at the wrong moment makes termios raise its own error, which is no OSError, or pyserial trip
    over what is not there any more; a speed that the device has not is a ValueError."""
    try:
        yield
    except (termios.error, TypeError, ValueError) as error:
        raise OSError(f"{type(error).__name__}: {error}") from error
