"""A real small disk for tests, that can be full or read-only; only where this process may mount one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

SIZE_BYTES = 1024 * 1024


class SmallDisk:
    """A file system of its own at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._junk = path / "junk"

    def fill(self) -> None:
        """Not a byte is left."""
        with self._junk.open("ab", buffering=0) as junk:
            for size in (65536, 4096):
                try:
                    while True:
                        junk.write(b"\0" * size)
                except OSError:
                    continue

    def free(self) -> None:
        """There is room again."""
        self._junk.unlink()

    def readonly(self, on: bool) -> None:
        """Mounted so; nobody may have a file open for writing."""
        subprocess.run(["mount", "-o", f"remount,{'ro' if on else 'rw'}", str(self.path)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """One MB of tmpfs; skipped with the reason where that is not allowed."""
    path = tmp_path / "disk"
    path.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a disk of its own")
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "tmpfs", str(path)], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip(f"this machine lets nobody mount a disk: {made.stderr.decode().strip()}")
    yield SmallDisk(path)
    subprocess.run(["umount", "-l", str(path)], check=True)
