"""The data folder: where it may lie, who holds it, and where the engines of its holder listen."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlsplit

from dispatch.engines.errors import FolderBusy, FolderRefused

ROOTS_DEFAULT: Final = Path("/var/lib/patrol")


@dataclass(frozen=True)
class EngineUrls:
    """Where the two engines listen, with their secrets: never print one."""

    database_url: str
    nats_url: str


@dataclass(frozen=True)
class Announcement(EngineUrls):
    """What the holder of a data folder tells other commands: its engines, and what it serves itself."""

    api_url: str | None = None
    gateway_url: str | None = None


def default_folder(environment: Mapping[str, str], uid: int) -> Path:
    """`$PATROL_DATA`, else /var/lib/patrol for root and ./data for anybody else."""
    if chosen := environment.get("PATROL_DATA"):
        return Path(chosen)
    return ROOTS_DEFAULT if uid == 0 else Path("data")


def checked_folder(folder: Path, environment: Mapping[str, str], uid: int) -> Path:
    """The folder, absolute. Raises FolderRefused where root would keep data below a home folder.

    As root the engines run as another user, and nothing of a home folder is opened to other users.
    """
    resolved = Path(os.path.realpath(folder))
    if uid == 0:
        homes = [Path("/root"), *(Path("/home").iterdir() if Path("/home").is_dir() else ()), Path("/home")]
        homes.append(Path(os.path.realpath(environment.get("HOME") or "/root")))
        for home in homes:
            if resolved.is_relative_to(home) and not ROOTS_DEFAULT.is_relative_to(home) and not _open_to_all(home):
                raise FolderRefused(
                    f"as root the data cannot lie below the home folder {home}: the engines run as the user 'patrol', "
                    f"and nothing of a home folder is opened; choose --data {ROOTS_DEFAULT}, or a folder below /srv"
                )
    return resolved


def _open_to_all(folder: Path) -> bool:
    """A folder such as /tmp is nobody's home, whatever $HOME says."""
    return folder.is_dir() and folder.stat().st_mode & 0o1002 == 0o1002


class DataFolder:
    """One data folder, made with tight permissions where it is missing; at most one process holds it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[str] | None = None
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            # As root: the engines' user passes through to its own folders, and reads nothing else here.
            self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
            self.logs.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise FolderRefused(f"the data folder {path} cannot be used: {error.strerror or error}") from error

    @property
    def logs(self) -> Path:
        """Logs of the processes that `patrol up` starts."""
        return self.path / "log"

    @property
    def _announcement(self) -> Path:
        return self.path / "engines.json"

    def try_hold(self) -> bool:
        """Take the folder's lock; the kernel frees it however this process ends."""
        try:
            lock = (self.path / "lock").open("a+")
        except OSError as error:
            raise FolderRefused(f"the data folder {self.path} cannot be used: {error.strerror or error}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        self.withdraw()  # a killed holder could not
        return True

    def hold(self) -> None:
        """Take the lock, or raise FolderBusy."""
        if not self.try_hold():
            raise FolderBusy(f"patrol is already running on {self.path}; stop it first, or choose another --data")

    def release(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            self.withdraw()
            self._lock.close()
            self._lock = None

    def announce(self, urls: Announcement) -> None:
        """Tell other commands on this folder where the holder's engines listen."""
        partial = self._announcement.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump(asdict(urls), out)
        partial.rename(self._announcement)

    def withdraw(self) -> None:
        """Take the announcement back."""
        self._announcement.unlink(missing_ok=True)

    def announced(self) -> Announcement | None:
        """Where the holder's engines listen; None while they do not (starting, stopping, killed)."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            urls = Announcement(**json.loads(self._announcement.read_text()))
            if all(_listens(url) for url in (urls.database_url, urls.nats_url)):
                return urls
        return None


def _listens(url: str) -> bool:
    parts = urlsplit(url)
    with contextlib.suppress(OSError), socket.create_connection((parts.hostname, parts.port or 0), timeout=2):
        return True
    return False
