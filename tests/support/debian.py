"""Programs that tests compare with, from Debian's packages: installed where that may be, else the test is skipped."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

INSTALL_LIMIT_S = 300
_ONE_AT_A_TIME = Path(tempfile.gettempdir()) / "patrol-tests-apt.lock"


def need_programs(programs: Sequence[str], packages: Sequence[str], around: Mapping[str, str] | None = None) -> None:
    """Sees to it that these programs are there; skips the test, with the reason, where they cannot be."""
    if all(map(shutil.which, programs)):
        return
    named = " and ".join(programs)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.skip(f"no {named}, and no right to install them: apt-get install {' '.join(packages)}")
    with _ONE_AT_A_TIME.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not all(map(shutil.which, programs)):
            _install(named, packages, around or {})
    if not all(map(shutil.which, programs)):
        pytest.skip(f"{' '.join(packages)} are installed, but one of {named} is not among their programs here")


def _install(named: str, packages: Sequence[str], around: Mapping[str, str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", **around}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        try:
            subprocess.run(
                ["apt-get", *command], env=environment, check=True, capture_output=True, timeout=INSTALL_LIMIT_S
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            pytest.skip(f"{named} could not be installed: {error}")
