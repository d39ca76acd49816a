"""What one agent costs: CPU, memory and bytes of 24 hours at one fix a second, beside gpsd alone.

    python -m bench.agent [--quick] [--json FILE]

Three runs. A day's NMEA file replayed as fast as it goes through the real agent, with its screen looked at, to a
gateway that acknowledges, and each hour gives an order, takes the last one back, sends a notice and breaks the
connection (so that each hour has a welcome and a health message; by the agent's own clock the day has only minutes).
Its memory is read at hours 1, 2, 6, 12 and 24 (some five minutes; `--quick`: two hours). It may not grow by more than
`GROWTH_MB` from the first reading to the last: exit 1. Bytes are those of that day, by the hour.

A receiver on TCP at real time, without a screen, for a minute or two: the bytes of an hour are those of that while,
scaled up, counted both ways at the gateway's socket, without TCP and IP; a health message of 0.2 kB each ten minutes
and the handshakes of reconnects come on top. The CPU of an hour is scaled up likewise. And gpsd on the same sentences
from gpsfake, where the Debian packages are installed. Every fix is sent: no adaptive pace.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from bench.report import arguments, report
from dispatch.engines.process import reserve_port
from gateway.protocol import SUBPROTOCOL

RATE = 2_000
# SQLite's cache of the journal (2 MB) fills with the first long backlogs; the last fifty notices and orders are kept.
GROWTH_MB = 5.0
HOURS = (1, 2, 6, 12, 24)
PACE = ("--pace", "steady")
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def sentences(moment: datetime) -> bytes:
    """One epoch of a car that drives in circles: RMC and GGA."""
    turn = moment.timestamp() / 600 * 2 * math.pi
    lat, lon = 23.48 + 0.02 * math.sin(turn), 120.45 + 0.02 * math.cos(turn)
    place = f"{int(lat):02d}{lat % 1 * 60:07.4f},N,{int(lon):03d}{lon % 1 * 60:07.4f},E"
    clock = f"{moment:%H%M%S}.00"
    words = (
        f"GPRMC,{clock},A,{place},24.3,{math.degrees(turn) % 360:.1f},{moment:%d%m%y},,,A",
        f"GPGGA,{clock},{place},1,10,0.8,35.0,M,16.0,M,,",
    )
    return b"".join(b"$%s*%02X\r\n" % (word.encode(), _checksum(word)) for word in words)


def _checksum(word: str) -> int:
    total = 0
    for byte in word.encode():
        total ^= byte
    return total


class Counted(ServerConnection):
    """A connection whose bytes are counted as they pass its socket."""

    received = sent = 0

    def data_received(self, data: bytes) -> None:
        """From the car."""
        Counted.received += len(data)
        super().data_received(data)

    def send_data(self) -> None:
        """To the car."""
        for piece in self.protocol.data_to_send():
            Counted.sent += len(piece)
            if piece:
                self.transport.write(piece)
            else:
                self.transport.write_eof()


class Gateway:
    """Acknowledges at once, and knows how far the car is."""

    def __init__(self, lively: bool = False) -> None:
        self.fixes = self.health = self.welcomes = 0
        self.url = ""
        self._lively = lively
        self._last_seq: dict[str, int] = {}

    async def serve(self, socket: ServerConnection) -> None:
        """One car."""
        boot, until = "", self.fixes + 3600
        try:
            async for frame in socket:
                told = json.loads(frame)
                messages = told if isinstance(told, list) else [told]
                if messages[0]["type"] == "hello":
                    boot = messages[0]["boot"]
                    self.welcomes += 1
                    await socket.send(json.dumps(_welcome(self._last_seq.get(boot, 0), self._orders())))
                    if self._lively:
                        await socket.send(json.dumps({"type": "notice", "text": f"{self.welcomes}", "level": "info"}))
                    continue
                new = [message for message in messages if message["seq"] > self._last_seq.get(boot, 0)]
                self.fixes += sum(message["type"] == "fix" for message in new)
                self.health += sum(message["type"] == "health" for message in new)
                self._last_seq[boot] = messages[-1]["seq"]
                await socket.send(json.dumps({"type": "ack", "seq": messages[-1]["seq"]}))
                if self._lively and self.fixes >= until:
                    await socket.close()
        except ConnectionClosed:
            return

    def _orders(self) -> list[dict[str, Any]]:
        """Another one with each welcome; the one before is over."""
        if not self._lively:
            return []
        incident = {"id": f"i{self.welcomes}", "number": f"110-{self.welcomes}", "category": "traffic", "priority": 2}
        incident |= {"summary": "車禍 " * 20, "lat": 23.48, "lon": 120.45, "received_ms": 1_795_600_000_000}
        route = {"type": "LineString", "coordinates": [[120.45 + n / 1e4, 23.48] for n in range(200)]}
        order = {"type": "order", "assignment_id": f"a{self.welcomes}", "incident": incident, "route": route}
        return [order | {"arrive_by_ms": 1_795_600_600_000, "eta_s": 200.0}]


def _welcome(resume_after: int, orders: list[dict[str, Any]]) -> dict[str, Any]:
    server_ms = time.time_ns() // 1_000_000
    return {
        "type": "welcome",
        "unit_id": "b",
        "unit_name": "bench",
        "server_ms": server_ms,
        "resume_after": resume_after,
        "orders": orders,
    }


@asynccontextmanager
async def gateway(lively: bool = False) -> AsyncIterator[Gateway]:
    """On a free port; `lively`: with an order, a notice and a break each hour."""
    made = Gateway(lively)
    async with serve(
        made.serve, "127.0.0.1", 0, subprotocols=[Subprotocol(SUBPROTOCOL)], create_connection=Counted, compression=None
    ) as server:
        made.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        yield made


@asynccontextmanager
async def agent(folder: Path, url: str, *options: str) -> AsyncIterator[int]:
    """The agent as it runs in a car; its process id."""
    (folder / "token").write_text("bench")
    (folder / "token.journal").unlink(missing_ok=True)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "vehicle_agent", "--gateway", url, "--token-file", str(folder / "token"), *options),
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        await process.wait()


def cpu_s(pid: int) -> float:
    """Seconds of CPU that all threads of a process have used; to the nanosecond where the kernel counts them so."""
    try:
        threads = Path(f"/proc/{pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
    except FileNotFoundError:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / TICKS


def rss_mb(pid: int) -> float:
    """Resident memory, MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 1e6


@asynccontextmanager
async def looked_at(port: str) -> AsyncIterator[None]:
    """A crew's browser: the stream of states, for as long as the agent runs."""

    async def look() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=None) as client:
            while True:
                try:
                    async with client.stream("GET", f"http://127.0.0.1:{port}/api/events") as answer:
                        async for _ in answer.aiter_bytes():
                            continue
                except httpx.TransportError:
                    await asyncio.sleep(1)

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()


async def a_day(folder: Path, hours: int) -> list[dict[str, Any]]:
    """So many hours as fast as it goes: memory on the way, CPU in all."""
    start = datetime(2026, 11, 25, tzinfo=UTC)
    log = folder / "day.nmea"
    with log.open("wb") as file:
        for second in range(hours * 3600):
            file.write(sentences(start + timedelta(seconds=second)))
    results: list[dict[str, Any]] = []
    began_s = time.monotonic()
    screen = str(reserve_port())
    options = ("--gnss", f"nmea:{log}", "--rate", str(RATE), "--screen-port", screen)
    before = Counted.received, Counted.sent
    async with gateway(lively=True) as gate, agent(folder, gate.url, *options) as pid, looked_at(screen):
        for hour in [h for h in HOURS if h <= hours]:
            while gate.fixes < hour * 3600 - 1:  # noqa: ASYNC110 - a process of its own gets there
                await asyncio.sleep(0.02)
            results.append({"name": f"agent, hour {hour}", "rss_mb": round(rss_mb(pid), 2)})
        results.append(
            {
                "name": "agent, replayed",
                "hours": hours,
                "fixes": gate.fixes,
                "welcomes": gate.welcomes,
                "health_messages": gate.health,
                "kb_up_per_hour": round((Counted.received - before[0]) / hours / 1000, 1),
                "kb_down_per_hour": round((Counted.sent - before[1]) / hours / 1000, 1),
                "cpu_s_per_hour": round(cpu_s(pid) / hours, 2),
                "times_as_fast": round(hours * 3600 / (time.monotonic() - began_s)),
            }
        )
    return results


async def real_time(folder: Path, seconds: int) -> dict[str, Any]:
    """A receiver on TCP at one fix a second: bytes and CPU of an hour."""
    stop = asyncio.Event()

    async def receiver(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not stop.is_set():
            writer.write(sentences(datetime.now(UTC)))
            await asyncio.sleep(1 - time.time() % 1)
        writer.close()

    line = await asyncio.start_server(receiver, "127.0.0.1", 0)
    port = line.sockets[0].getsockname()[1]
    async with gateway() as gate, agent(folder, gate.url, "--gnss", f"tcp:127.0.0.1:{port}", *PACE) as pid:
        while gate.fixes < 5:  # noqa: ASYNC110 - a process of its own gets there
            await asyncio.sleep(0.1)
        before = gate.fixes, Counted.received, Counted.sent, cpu_s(pid)
        await asyncio.sleep(seconds)
        after = gate.fixes, Counted.received, Counted.sent, cpu_s(pid)
        fixes, up, down, used_s = (late - early for late, early in zip(after, before, strict=True))
        memory_mb = rss_mb(pid)
        stop.set()
    line.close()
    return {
        "name": "agent, real time",
        "fixes_per_hour": round(fixes / seconds * 3600),
        "kb_up_per_hour": round(up / seconds * 3.6, 1),
        "kb_down_per_hour": round(down / seconds * 3.6, 1),
        "cpu_s_per_hour": round(used_s / seconds * 3600, 1),
        "rss_mb": round(memory_mb, 2),
    }


async def gpsd_alone(folder: Path, seconds: int) -> dict[str, Any] | None:
    """gpsd on the same sentences at one a second, with one client that watches; None where it isn't installed."""
    if not (shutil.which("gpsd") and shutil.which("gpsfake")):
        print("gpsd and gpsfake are not installed (apt-get install gpsd gpsd-clients): nothing to compare with")
        return None
    log = folder / "gpsfake.nmea"
    start = datetime.now(UTC)
    log.write_bytes(b"".join(sentences(start + timedelta(seconds=n)) for n in range(seconds + 60)))
    fake = subprocess.Popen(  # noqa: ASYNC220 - at once
        ["gpsfake", "-q", "-c", "0.5", "-P", "29470", str(log)],  # half a second a sentence, two sentences a fix
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"GPSD_HOME": str(Path(shutil.which("gpsd") or "").parent)},
    )
    try:
        for _ in range(100):
            await asyncio.sleep(0.1)
            daemons = [pid for pid in _children(fake.pid) if _name(pid) == "gpsd"]
            if daemons:
                break
        else:
            print("gpsd did not start under gpsfake: nothing to compare with")
            return None
        (daemon,) = daemons[:1]
        reader, writer = await asyncio.open_connection("127.0.0.1", 29470)
        writer.write(b'?WATCH={"enable":true,"json":true};\n')
        fixes, used_s, began_s = 0, cpu_s(daemon), time.monotonic()
        while time.monotonic() - began_s < seconds:
            async with asyncio.timeout(seconds):
                said = await reader.readline()
            fixes += b'"TPV"' in said
        result = {
            "name": "gpsd alone",
            "fixes_per_hour": round(fixes / seconds * 3600),
            "cpu_s_per_hour": round((cpu_s(daemon) - used_s) / seconds * 3600, 2),
            "rss_mb": round(rss_mb(daemon), 2),
        }
        writer.close()
        return result
    finally:
        fake.terminate()
        fake.wait()


def _children(parent: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


async def run(quick: bool) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """All three; the memory of the last hour to that of the first is the ratio that must stay near 1."""
    seconds = 20 if quick else 120
    with tempfile.TemporaryDirectory(prefix="bench-agent-") as name:
        folder = Path(name)
        day = await a_day(folder, 2 if quick else 24)
        live = await real_time(folder, seconds)
        beside = await gpsd_alone(folder, seconds)
    memory = [result["rss_mb"] for result in day if "rss_mb" in result]
    ratios = {"memory, last hour to first": memory[-1] / memory[0]}
    if beside is not None:
        ratios["memory, agent to gpsd"] = live["rss_mb"] / beside["rss_mb"]
        ratios["cpu, agent to gpsd"] = live["cpu_s_per_hour"] / max(beside["cpu_s_per_hour"], 0.01)
    return [*day, live, *([] if beside is None else [beside])], ratios


if __name__ == "__main__":
    given = arguments(__doc__ or "")
    results, ratios = asyncio.run(run(given.quick))
    report(results, ratios, given.json)
    memory = [result["rss_mb"] for result in results if result["name"].startswith("agent, hour")]
    if memory[-1] - memory[0] > GROWTH_MB:
        sys.exit(f"memory grew from {memory[0]} MB to {memory[-1]} MB: more than {GROWTH_MB} MB")
