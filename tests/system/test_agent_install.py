"""The agent on a computer of its own: its wheel in an empty environment, and the service that one command makes."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.support.command import PATROL

ROOT = Path(__file__).resolve().parents[2]
NO_NETWORK = re.compile(r"NewConnectionError|Temporary failure|Name or service|No route|timed out", re.IGNORECASE)
CLOSURE = """
import json, sys
import vehicle_agent.main
without_screen = sorted({name.partition('.')[0] for name in sys.modules})
import vehicle_agent.screen
ours = sorted(name for name in sys.modules if name.partition('.')[0] in ('gateway', 'dispatch'))
print(json.dumps([without_screen, sorted({name.partition('.')[0] for name in sys.modules}), ours]))
"""
SERVER_ONLY = {
    "fastapi",
    "sqlalchemy",
    "pydantic",
    "numpy",
    "scipy",
    "asyncpg",
    "nats",
    "osmium",
    "dispatch",
    "shapely",
}


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """A command, to its end; outside the repository, so that nothing of it is found by chance."""
    return subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, check=False, cwd="/", timeout=300
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The agent's wheel, built from the repository as it is."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT / "packaging/agent",
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (found,) = folder.glob("patrol_agent-*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and what requirements/agent.txt pins, and nothing else; its `bin`."""
    folder = tmp_path_factory.mktemp("car") / "venv"
    venv.create(folder, with_pip=True)
    pip: list[str | Path] = [folder / "bin/python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    needed = run(*pip, "--require-hashes", "-r", ROOT / "requirements/agent.txt")
    if needed.returncode != 0 and NO_NETWORK.search(needed.stderr):
        pytest.skip("no package index can be reached from here")
    assert needed.returncode == 0, needed.stderr
    done = run(*pip, "--no-deps", "--no-index", wheel)
    assert done.returncode == 0, done.stderr
    return folder / "bin"


def test_the_wheel_holds_the_agent_alone(wheel: Path) -> None:
    """The car's program with its page, and of the gateway the two pages of protocol."""
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"vehicle_agent", "gateway"}
    assert {name for name in names if name.startswith("gateway/")} == {
        "gateway/__init__.py",
        "gateway/protocol.py",
        "gateway/enrol_protocol.py",
    }
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "vehicle_agent").rglob("*.py")}
    assert sources <= set(names)
    assert any(name.startswith("vehicle_agent/page/") for name in names)


def test_what_the_agent_imports(installed: Path) -> None:
    """With everything it has loaded: no FastAPI, SQLAlchemy, pydantic, numpy, nothing of dispatch; without a screen
    no web server either; and every dependency that is pinned is there by name in the wheel."""
    done = run(installed / "python", "-c", CLOSURE)
    assert done.returncode == 0, done.stderr
    without_screen, with_screen, ours = json.loads(done.stdout)
    assert not SERVER_ONLY & set(with_screen)
    assert not {"starlette", "uvicorn"} & set(without_screen)
    assert ours == ["gateway", "gateway.enrol_protocol", "gateway.protocol"]
    checked = run(installed / "python", "-m", "pip", "--disable-pip-version-check", "check")
    assert checked.returncode == 0, checked.stdout


def test_the_command_runs(installed: Path, tmp_path: Path) -> None:
    """`patrol-agent` of the wheel shows its help, and starts without a token: it waits for one."""
    assert "--gateway" in run(installed / "patrol-agent", "--help").stdout
    started = subprocess.Popen(
        [
            *(installed / "patrol-agent", "--gateway", "ws://127.0.0.1:9", "--token-file", tmp_path / "token"),
            *("--gnss", "tcp:127.0.0.1:9", "--screen-port", "0"),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stderr is not None
    said = ""
    while "no_token" not in said:
        line = started.stderr.readline()
        assert line, said
        said += line
    started.terminate()
    assert started.wait(30) == 0
    started.stderr.close()


OPTIONS = ["--gateway", "wss://gw.example.org", "--gnss", "gpsd:127.0.0.1"]


def install(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`patrol agent install` below a folder."""
    return run(PATROL, "agent", "install", "--root", root, "--program", shutil.which("env") or "/usr/bin/env", *options)


def test_installing_is_idempotent_and_says_what_it_does(tmp_path: Path) -> None:
    """A dry run writes nothing; then the files; again nothing; other options change one line and keep the operator's
    own; without options the settings stay."""
    unit = tmp_path / "etc/systemd/system/patrol-agent.service"
    settings = tmp_path / "etc/patrol-agent/agent.env"
    dry = install(tmp_path, *OPTIONS, "--dry-run")
    assert (dry.returncode, dry.stdout.count("would create")) == (0, 2)
    assert not unit.exists()
    first = install(tmp_path, *OPTIONS)
    assert (first.returncode, first.stdout.count("created")) == (0, 2)
    again = install(tmp_path, *OPTIONS)
    assert again.stdout.count("unchanged") == 2
    settings.write_text(settings.read_text() + "HTTPS_PROXY=http://10.0.0.1\n")
    changed = install(tmp_path, *OPTIONS, "--screen-port", "8090")
    assert f"updated {settings}" in changed.stdout
    assert f"unchanged {unit}" in changed.stdout
    text = settings.read_text()
    assert "HTTPS_PROXY=http://10.0.0.1\n" in text
    assert 'PATROL_AGENT_ARGUMENTS="--gateway wss://gw.example.org --gnss gpsd:127.0.0.1 --screen-port 8090"' in text
    assert install(tmp_path).stdout.count("unchanged") == 2
    assert settings.read_text() == text


def test_the_unit_is_sound(tmp_path: Path) -> None:
    """systemd finds no fault in it, and it is confined, watched and restarted for ever."""
    assert install(tmp_path, *OPTIONS).returncode == 0
    unit = tmp_path / "etc/systemd/system/patrol-agent.service"
    if shutil.which("systemd-analyze"):
        verified = run("systemd-analyze", "verify", unit)
        assert (verified.returncode, verified.stderr) == (0, "")
    told = configparser.RawConfigParser(strict=False)
    told.optionxform = str  # type: ignore[assignment,method-assign]
    told.read(unit)
    service = told["Service"]
    wanted = {"Restart": "always", "Type": "notify", "DynamicUser": "yes", "ProtectSystem": "strict", "UMask": "0077"}
    assert {name: service[name] for name in wanted} == wanted
    assert int(service["WatchdogSec"]) > 0
    assert service["StateDirectory"] == "patrol-agent"
    assert service["PrivateDevices"] == "yes"


def test_a_serial_receiver_may_be_reached(tmp_path: Path) -> None:
    """With one in the settings the unit opens serial ports, and nothing else of /dev."""
    install(tmp_path, "--gateway", "wss://gw.example.org", "--gnss", "serial:/dev/ttyUSB0@9600")
    text = (tmp_path / "etc/systemd/system/patrol-agent.service").read_text()
    assert "SupplementaryGroups=dialout" in text
    assert "DeviceAllow=char-ttyUSB rw" in text
    assert "PrivateDevices" not in text


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        ([], 2, "say what the car has"),
        (["--gateway", "wss://h"], 2, "--gnss"),
        ([*OPTIONS, "--colour", "blue"], 2, "--colour"),
        ([*OPTIONS, "--token-file", "/x"], 1, "--token-file is not to be set"),
        ([*OPTIONS, "--gnss", "nmea:/a b"], 1, "no blank"),
        ([*OPTIONS, "--program", str(Path("/", "root", "bin", "patrol-agent"))], 1, "home folder"),
        ([*OPTIONS, "--program", "patrol-agent"], 1, "no absolute path"),
    ],
)
def test_what_cannot_be_installed_is_said(tmp_path: Path, options: list[str], code: int, reason: str) -> None:
    """One line with the reason, and nothing written."""
    done = install(tmp_path, *options)
    assert done.returncode == code
    assert reason in done.stderr.splitlines()[-1]
    assert not (tmp_path / "etc").exists()
