"""What a camera is to the agent: it tells its state, can be asked to record, and leaves files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct

State = Literal["off", "standby", "buffering", "recording", "uploading", "fault"]


class CameraReport(Struct, frozen=True, kw_only=True):
    """What a camera says of itself when its state changes."""

    state: State
    battery_pct: float | None = None
    free_mb: float | None = None
    recording_id: str | None = None
    officer_id: str | None = None


class ClosedFile(Struct, frozen=True, kw_only=True):
    """A recording that is complete. Times in epoch ms by the camera's or the file system's clock; `officer_id` None:
    not said. `size_bytes` and `mtime_ns` tell later whether it is still the same file, `device` (st_dev; None: not
    known) whether what is mounted there is still the same card."""

    path: Path
    size_bytes: int
    mtime_ns: int
    started_ms: int
    ended_ms: int
    officer_id: str | None = None
    media_type: str | None = None
    device: int | None = None


class CameraSource(Protocol):
    """One camera. No method blocks the event loop, whatever the device does."""

    camera_id: str

    def reports(self) -> AsyncIterator[CameraReport]:
        """What it says of itself, the present state first; the same again is fine."""
        ...

    def closed_files(self) -> AsyncIterator[ClosedFile]:
        """Files that are complete, also those of before; the same again is fine. May never give one."""
        ...

    async def ask_to_record(self) -> bool:
        """Ask it; True where it was asked, which is not yet that it does. Never raises for the device's sake."""
        ...
