"""Receivers as they are reached: a replayed file, a serial port, NMEA over TCP, gpsd. Live ones reconnect.

When a replayed file ends its positions end; the agent stays connected, sends what is left and goes on taking orders.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import structlog

from vehicle_agent.backoff import Backoff
from vehicle_agent.decoders import Decoder, GpsdDecoder, NmeaDecoder, Pacer
from vehicle_agent.errors import SettingsError
from vehicle_agent.receiver import Position
from vehicle_agent.receiver_settings import SILENCE_S, GnssSource
from vehicle_agent.serial_port import SerialStream

# A receiver sends the sentences of an epoch in one burst; this long a silence ends it.
QUIET_S: Final = 0.15
_CONNECT_LIMIT_S: Final = 10.0
_RETRY_BASE_S: Final = 0.5
_RETRY_CAP_S: Final = 10.0
_CHUNK_BYTES: Final = 4096

_log = structlog.get_logger(__name__)


class Receiver(Protocol):
    """Something that knows where the car is."""

    def positions(self) -> AsyncGenerator[Position | None, None]:
        """Each position once, at most one a second of the receiver's time; None says that there is no fix now."""
        ...


class Stream(Protocol):
    """An open line to a live receiver."""

    async def read(self) -> bytes:
        """What came; b"" when the line has been quiet for `QUIET_S`. Raises OSError or EOFError when it is gone."""
        ...

    def heard(self, *, understood: bool) -> None:
        """Told after each read whether anything readable has come yet."""
        ...

    async def close(self) -> None:
        """Let go of the line."""
        ...


class Replay:
    """An NMEA log as if it came from a receiver now."""

    def __init__(self, path: Path, rate: float) -> None:
        """Raises `SettingsError` where the file cannot be read."""
        self._path = path
        self._rate = rate
        self._file: BinaryIO = self._open()

    def _open(self) -> BinaryIO:
        try:
            return self._path.open("rb")
        except OSError as error:
            raise SettingsError(f"cannot read the NMEA file {self._path}: {error.strerror}") from error

    async def positions(self) -> AsyncGenerator[Position | None, None]:
        """See `Receiver`."""
        decoder, pacer = NmeaDecoder(), Pacer(self._rate)
        loop = asyncio.get_running_loop()
        told = 0
        with self._file as file:
            while True:
                data = file.read(_CHUNK_BYTES)
                outcomes = decoder.epochs(data) if data else decoder.last_epoch()
                for outcome in outcomes:
                    await asyncio.sleep(pacer.delay_s(outcome.moment, loop.time()))
                    for place in decoder.due([outcome]):
                        told += place is not None
                        yield place
                if not data:
                    break
        _log.info("replay_ended", file=str(self._path), fixes=told)


class TcpStream:
    """A line over TCP."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, host: str, port: int, greeting: bytes) -> TcpStream:
        """Connect and greet. Raises OSError."""
        async with asyncio.timeout(_CONNECT_LIMIT_S):
            reader, writer = await asyncio.open_connection(host, port)
        writer.write(greeting)
        return cls(reader, writer)

    async def read(self) -> bytes:
        """See `Stream`."""
        try:
            async with asyncio.timeout(QUIET_S):
                data = await self._reader.read(_CHUNK_BYTES)
        except TimeoutError:
            return b""
        if not data:
            raise EOFError("the other side closed the connection")
        return data

    def heard(self, *, understood: bool) -> None:
        """See `Stream`."""

    async def close(self) -> None:
        """See `Stream`."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError as error:
            _log.debug("receiver_close_failed", reason=str(error))


class Live:
    """A receiver on a line that may break and come back. Nothing for `silence_s` is a break too: a half-open
    connection looks like that, and a device whose name has gone to another.
    """

    def __init__(self, source: GnssSource, decoder: Callable[[], Decoder], silence_s: float) -> None:
        self._name = str(source)
        self._decoder = decoder
        self._source = source
        self._silence_s = silence_s
        self.answers = False
        """Whether something readable has come on the line that is open now."""

    async def _connect(self, greeting: bytes) -> Stream:
        if self._source.kind == "serial":
            return await SerialStream.open(self._source.target, self._source.baud, QUIET_S)
        return await TcpStream.open(self._source.host, self._source.port, greeting)

    async def positions(self) -> AsyncGenerator[Position | None, None]:
        """See `Receiver`. Never ends."""
        retry = Backoff(_RETRY_BASE_S, _RETRY_CAP_S)
        lost: str | None = None
        clock_s = asyncio.get_running_loop().time
        while True:
            decoder = self._decoder()
            stream: Stream | None = None
            try:
                stream = await self._connect(decoder.greeting)
                heard_s = clock_s()
                while True:
                    data = await stream.read()
                    if data:
                        heard_s = clock_s()
                    elif clock_s() - heard_s > self._silence_s:
                        raise OSError(f"nothing came for {self._silence_s:g} s")
                    told = decoder.feed(data) if data else decoder.flush()
                    self.answers = decoder.understood()
                    stream.heard(understood=self.answers)
                    if data and lost != "" and self.answers:
                        _log.info("receiver_connected", receiver=self._name)
                        lost = ""
                        retry.reset()
                    for place in told:
                        yield place
            except (OSError, EOFError) as error:
                reason = str(error) or type(error).__name__
            finally:
                self.answers = False
                if stream is not None:
                    await stream.close()
            if reason != lost:
                _log.warning("receiver_lost", receiver=self._name, reason=reason)
                lost = reason
            yield None
            await asyncio.sleep(retry.next_s())


def open_receiver(source: GnssSource, rate: float = 1.0, silence_s: float = SILENCE_S) -> Receiver:
    """The receiver meant by `--gnss`. Raises `SettingsError` where a file cannot be read."""
    if source.kind == "nmea":
        return Replay(Path(source.target), rate)
    if source.kind == "gpsd":
        return Live(source, lambda: GpsdDecoder(source.device), silence_s)
    return Live(source, NmeaDecoder, silence_s)
