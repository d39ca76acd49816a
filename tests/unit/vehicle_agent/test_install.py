"""`patrol-agent install` where it meets systemd, and what the service could not see."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from vehicle_agent import install
from vehicle_agent.errors import SettingsError
from vehicle_agent.settings import read_token

OPTIONS = ["--gateway", "wss://gw.example.org", "--gnss", "gpsd:127.0.0.1"]


class Systemctl:
    """One that notes what it is asked, and refuses what it is told to."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "asked"
        self._log.touch()
        self._program = folder / "systemctl"

    def refuse(self, word: str) -> None:
        """From now on this fails."""
        told = f'echo "$*" >> {self._log}\n[ "$1" != "{word}" ] || {{ echo "no such unit" >&2; exit 5; }}\n'
        self._program.write_text(f"#!/bin/sh\n{told}")
        self._program.chmod(0o755)

    def asked(self) -> list[str]:
        """Since the last look."""
        said = self._log.read_text().splitlines()
        self._log.write_text("")
        return said


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemctl:
    """In front of the real one, and files that go below a folder although the root is /."""
    made = Systemctl(tmp_path)
    made.refuse("nothing")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(install, "_SYSTEMD_RUNS", tmp_path)
    monkeypatch.setattr(install, "UNIT", str(tmp_path / "unit").lstrip("/"))
    monkeypatch.setattr(install, "CONFIG", str(tmp_path / "agent.env").lstrip("/"))
    return made


def run(*more: str) -> None:
    """On this machine."""
    install.run_install(["--program", "/usr/bin/env", *OPTIONS, *more])


def test_the_service_is_started_and_restarted_where_something_changed(systemctl: Systemctl) -> None:
    """Enabled and running after the first time; nothing new leaves it running; a change restarts it."""
    run()
    assert systemctl.asked() == ["daemon-reload", "enable patrol-agent", "restart patrol-agent"]
    run()
    assert systemctl.asked() == ["daemon-reload", "enable patrol-agent", "start patrol-agent"]
    run("--screen-port", "8090")
    assert systemctl.asked()[-1] == "restart patrol-agent"
    for quiet in ("--dry-run", "--no-start"):
        run(quiet)
        assert systemctl.asked() == []


def test_what_systemd_refuses_is_said(systemctl: Systemctl) -> None:
    """In its words, with the call that failed."""
    systemctl.refuse("enable")
    with pytest.raises(SettingsError, match="systemctl enable patrol-agent failed: no such unit"):
        run()


def test_the_settings_file_is_closed_and_keeps_the_mode_that_it_was_given(systemctl: Systemctl, tmp_path: Path) -> None:
    """0600 when it is made, for a camera's password may stand in it; after that it is the operator's."""
    config, unit = tmp_path / "agent.env", tmp_path / "unit"
    run()
    assert [stat.S_IMODE(path.stat().st_mode) for path in (config, unit)] == [0o600, 0o644]
    config.chmod(0o640)
    run("--screen-port", "8090")
    assert "8090" in config.read_text()
    assert stat.S_IMODE(config.stat().st_mode) == 0o640


def test_links_into_a_home_folder_are_refused(
    systemctl: Systemctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program, its interpreter and the cameras' file are looked at where they lead to."""
    home, opt = tmp_path / "home", tmp_path / "opt"
    for folder in (home, opt):
        folder.mkdir()
        for name in ("patrol-agent", "python3", "cameras.toml"):
            (folder / name).touch()
    monkeypatch.setattr(install, "_HIDDEN", (f"{home}/",))
    fine = ("--program", str(opt / "patrol-agent"), "--cameras", str(opt / "cameras.toml"))
    run(*fine)
    for name in ("patrol-agent", "python3", "cameras.toml"):
        (opt / name).unlink()
        (opt / name).symlink_to(home / name)
        with pytest.raises(SettingsError, match=f"can't see .*opt/{name}"):
            run(*fine)
        (opt / name).unlink()
        (opt / name).touch()
    for named, reason in (("cameras.toml", "no absolute path"), (str(home / "cameras.toml"), "can't see")):
        with pytest.raises(SettingsError, match=reason):
            run("--cameras", named)


def test_a_token_by_hand_is_the_services_own(tmp_path: Path) -> None:
    """The command of docs/agent.md, as root: the owner of the folder can read it, and nobody else."""
    if os.geteuid() != 0:
        pytest.skip("only root may give a file to the service's user")
    page = Path(__file__).resolve().parents[3] / "docs/agent.md"
    (command,) = re.findall(
        r"^ +(D=/var/lib/patrol-agent; install .*)$", page.read_text(encoding="utf-8"), re.MULTILINE
    )
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    os.chown(folder, 4242, 4343)
    (tmp_path / "printed").write_text("a-token\n")
    done = subprocess.run(
        ["sh", "-ec", command.replace("/var/lib/patrol-agent", str(folder))], cwd=tmp_path, check=True
    )
    assert done.returncode == 0
    told = (folder / "token").stat()
    assert (told.st_uid, told.st_gid, stat.S_IMODE(told.st_mode)) == (4242, 4343, 0o600)
    assert read_token(folder / "token") == "a-token"
