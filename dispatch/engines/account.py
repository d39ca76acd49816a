"""The system user that engines run as when root starts them: PostgreSQL refuses to run as root."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from typing import Final

from dispatch.engines.errors import EngineError

NAME: Final = "patrol"


@dataclass(frozen=True)
class Account:
    """A user of this machine."""

    name: str
    uid: int
    gid: int


def service_account() -> Account | None:
    """The unprivileged user for the engines, made where it is missing; None where we are not root anyway.

    Raises EngineError where it is missing and cannot be made.
    """
    if os.geteuid() != 0:
        return None
    found = _look_up()
    if found is not None:
        return found
    complaint = _create()
    found = _look_up()  # another process may have made it meanwhile
    if found is None:
        raise EngineError(
            f"PostgreSQL does not run as root, and the system user {NAME!r} could not be made ({complaint}); "
            f"make it (useradd --system {NAME}), run patrol as another user, or set DATABASE_URL and NATS_URL"
        )
    return found


def _look_up() -> Account | None:
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        return None
    return Account(NAME, entry.pw_uid, entry.pw_gid)


def _create() -> str:
    useradd = shutil.which("useradd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if useradd is None:
        return "there is no useradd here"
    try:
        grp.getgrnam(NAME)
        group = ["--gid", NAME]
    except KeyError:
        group = ["--user-group"]
    options = ["--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", *group]
    result = subprocess.run(  # noqa: S603
        [useradd, "--system", *options, NAME], capture_output=True, text=True, check=False
    )
    return result.stderr.strip() or f"useradd ended with {result.returncode}"
