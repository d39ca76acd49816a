"""`patrol-agent install` (and `patrol agent install`): the agent as a systemd service, by one command.

Writes a settings file that the operator may edit, and a unit file that each install writes anew; says what it changed,
and changes nothing that is as it should be. The token is another matter: `patrol-agent enrol`.
"""

from __future__ import annotations

import argparse
import shutil
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from vehicle_agent.errors import SettingsError
from vehicle_agent.settings import read_settings

NAME: Final = "patrol-agent"
STATE: Final = f"/var/lib/{NAME}"
UNIT: Final = f"etc/systemd/system/{NAME}.service"
CONFIG: Final = f"etc/{NAME}/agent.env"
# What ProtectHome and PrivateTmp hide from the service.
_HIDDEN: Final = tuple(Path("/", name) for name in ("home", "root", "run/user", "tmp", "var/tmp"))
_SYSTEMD_RUNS: Final = Path("/run/systemd/system")
_ARGUMENTS: Final = "PATROL_AGENT_ARGUMENTS"

_UNIT_TEXT: Final = """\
# Written by `patrol-agent install`, which writes it anew; what you want otherwise goes into a drop-in
# (`systemctl edit {name}`), and the agent's own settings into /{config}.
[Unit]
Description=Patrol agent: positions, orders and cameras of this car
Documentation=https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html
After=network.target gpsd.service time-sync.target
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
EnvironmentFile=/{config}
ExecStart={program} --token-file {state}/token --journal {state}/journal ${arguments}
Restart=always
RestartSec=2
WatchdogSec=60
TimeoutStopSec=20
DynamicUser=yes
StateDirectory={name}
StateDirectoryMode=0700
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
{devices}
[Install]
WantedBy=multi-user.target
"""
_NO_DEVICES: Final = "PrivateDevices=yes\n"
_SERIAL_DEVICES: Final = """\
SupplementaryGroups=dialout
DevicePolicy=closed
DeviceAllow=char-ttyUSB rw
DeviceAllow=char-ttyACM rw
DeviceAllow=char-ttyAMA rw
DeviceAllow=char-ttyS rw
"""
_CONFIG_TEXT: Final = """\
# The settings of this car's agent, as on its command line (`patrol-agent --help`); after a change:
# systemctl restart {name}
"""


def parser() -> argparse.ArgumentParser:
    """The command line, with its help."""
    made = argparse.ArgumentParser(
        prog=f"{NAME} install",
        description="Make the agent a service of this computer: a systemd unit and a settings file.",
        epilog="Options that are not named here (--screen-port, --gnss a second time, cameras …) are the agent's own "
        "and go into the settings file. Run again it changes what you ask for and keeps the rest. Exit 0, 2 on wrong "
        "use, 1 on failure.",
    )
    made.add_argument("--root", type=Path, default=Path("/"), metavar="DIR", help="install below this folder")
    made.add_argument("--program", metavar="FILE", help=f"the {NAME} to run; default: the one that is running now")
    made.add_argument("--dry-run", action="store_true", help="only say what would change")
    made.add_argument("--no-start", action="store_true", help="write the files, leave systemd alone")
    return made


def run_install(argv: Sequence[str]) -> None:
    """Do it. Raises `AgentError`; leaves through `SystemExit(2)` on wrong use."""
    given, arguments = parser().parse_known_args(argv)
    config, unit = given.root / CONFIG, given.root / UNIT
    before = _read(config)
    if arguments:
        _check(arguments)
    elif before is None:
        parser().error(
            f"say what the car has, such as: --gateway wss://HOST --gnss gpsd:127.0.0.1; then {CONFIG} has it"
        )
    settings = _with_arguments(before, arguments)
    devices = _SERIAL_DEVICES if "serial:" in settings else _NO_DEVICES
    program = _program(given.program)
    text = _UNIT_TEXT.format(
        name=NAME, config=CONFIG, state=STATE, arguments=_ARGUMENTS, program=program, devices=devices
    )
    files = ((config, settings, 0o600), (unit, text, 0o644))
    changed = [_put(path, new, mode, given.dry_run) for path, new, mode in files]
    _start(given, any(changed))


def _check(arguments: list[str]) -> None:
    """Leaves through `SystemExit(2)` where the agent would not take them. Raises `SettingsError` for what is ours."""
    for option in ("--token-file", "--journal"):
        if any(argument == option or argument.startswith(f"{option}=") for argument in arguments):
            raise SettingsError(f"{option} is not to be set: the service keeps its token and journal in {STATE}")
    if any(set(argument) & set(" \t\n\"'\\\\$") for argument in arguments):
        raise SettingsError("a setting of a service holds no blank, quote, $ or backslash; name files without")
    settings = read_settings([*arguments, "--token-file", f"{STATE}/token", "--journal", f"{STATE}/journal"])
    if settings.cameras is not None:
        if not settings.cameras.is_absolute():
            raise SettingsError(
                f"--cameras {settings.cameras} is no absolute path; the service runs in no folder of yours"
            )
        _can_be_seen(settings.cameras)


def _can_be_seen(path: Path) -> None:
    """Where it leads counts too: a link in /opt into a home folder is as good as nothing to the service."""
    for seen in (path, path.resolve()):
        if any(seen.is_relative_to(hidden) for hidden in _HIDDEN):
            raise SettingsError(
                f"the service can't see {path}: {seen} is in a home folder or in /tmp; put it below /opt or /etc"
            )


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8") if path.exists() else None
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}") from error


def _with_arguments(before: str | None, arguments: list[str]) -> str:
    """The settings file with these arguments (none: those that it has), and whatever else the operator put there.

    systemd splits the value at its blanks where the unit says `$NAME`.
    """
    line = f'{_ARGUMENTS}="{" ".join(arguments)}"'
    if before is None:
        return f"{_CONFIG_TEXT.format(name=NAME)}{line}\n"
    lines = before.splitlines()
    said = [index for index, text in enumerate(lines) if text.startswith(f"{_ARGUMENTS}=")]
    if not arguments:
        if not said:
            raise SettingsError(f"{CONFIG} has no line {_ARGUMENTS}=…; install again with the agent's options")
        return before
    kept = [text for index, text in enumerate(lines) if index not in said]
    return "\n".join([*kept, line]) + "\n"


def _program(named: str | None) -> str:
    program = named or shutil.which(NAME, path=str(Path(sys.executable).parent)) or shutil.which(NAME)
    if program is None:
        raise SettingsError(f"there is no command {NAME} beside {sys.executable}; name it with --program FILE")
    if " " in program or not Path(program).is_absolute():
        raise SettingsError(f"{program!r} is no absolute path without blanks; name one with --program FILE")
    _can_be_seen(Path(program))
    interpreter = Path(program).with_name("python3")
    if interpreter.exists():  # of the environment that the program is in
        _can_be_seen(interpreter)
    return program


def _put(path: Path, text: str, mode: int, dry_run: bool) -> bool:
    """Whether it changed. `mode` is that of a new file: one that the operator gave another keeps it."""
    before = _read(path)
    if before == text:
        sys.stdout.write(f"unchanged {path}\n")
        return False
    verb = "create" if before is None else "update"
    if dry_run:
        sys.stdout.write(f"would {verb} {path}\n")
        return True
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.new")
        beside.unlink(missing_ok=True)
        beside.touch(mode=0o600)
        beside.write_text(text, encoding="utf-8")
        beside.chmod(mode if before is None else stat.S_IMODE(path.stat().st_mode))
        beside.replace(path)
    except OSError as error:
        raise SettingsError(f"cannot write {path}: {error.strerror}; run it as root, or give --root DIR") from error
    sys.stdout.write(f"{verb}d {path}\n")
    return True


def _start(given: argparse.Namespace, changed: bool) -> None:
    if given.dry_run or given.no_start or given.root != Path("/") or not _SYSTEMD_RUNS.is_dir():
        sys.stdout.write(f"then: systemctl daemon-reload; systemctl enable --now {NAME}\n")
    else:
        for words in (["daemon-reload"], ["enable", NAME], ["restart" if changed else "start", NAME]):
            done = subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False)  # noqa: S603, S607
            if done.returncode != 0:
                raise SettingsError(f"systemctl {' '.join(words)} failed: {done.stderr.strip()}")
        sys.stdout.write(f"{NAME} runs; its log: journalctl -u {NAME}\n")
    sys.stdout.write(f"a car without a token: {NAME} enrol --gateway URL --token-file {STATE}/token\n")
