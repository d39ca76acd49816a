"""The command line: what it takes, and what it says to wrong use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from vehicle_agent.backoff import Backoff
from vehicle_agent.decoders import Pacer
from vehicle_agent.errors import SettingsError
from vehicle_agent.settings import gateway_url, read_settings, read_token

BASE = ["--gateway", "ws://h:8081", "--token-file", "/x/car7.token", "--gnss", "nmea:log"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("ws://h:8081", "ws://h:8081/vehicle/v1"),
        ("ws://h:8081/", "ws://h:8081/vehicle/v1"),
        ("ws://h:8081/vehicle/v1", "ws://h:8081/vehicle/v1"),
        ("wss://gate.example", "wss://gate.example/vehicle/v1"),
        ("http://h:1", "ws://h:1/vehicle/v1"),
        ("https://h", "wss://h/vehicle/v1"),
        ("127.0.0.1:9000", "ws://127.0.0.1:9000/vehicle/v1"),
        ("localhost", "ws://localhost:8081/vehicle/v1"),
        ("ws://[::1]:8081", "ws://[::1]:8081/vehicle/v1"),
    ],
)
def test_every_usual_way_to_write_the_gateway_is_understood(given: str, meant: str) -> None:
    """URL with or without the path, other schemes, bare host and port."""
    assert gateway_url(given) == meant


@pytest.mark.parametrize(
    ("option", "value", "mended"),
    [
        ("--gateway", "ftp://h", "write ws://HOST:8081"),
        ("--gateway", "ws://", "write ws://HOST:8081"),
        ("--gateway", "ws://h:99999", "write ws://HOST:8081"),
        ("--gateway", "ws://h/other", "leave it out or write /vehicle/v1"),
        ("--gateway", "ws://u:p@h", "takes no"),
        ("--gnss", "log.nmea", "write nmea:FILE"),
        ("--gnss", "nmea:", "write nmea:FILE"),
        ("--gnss", "tcp:host", "write for example"),
        ("--gnss", "tcp:host:x", "write for example"),
        ("--gnss", "serial:/dev/ttyUSB0@fast", "@9600"),
        ("--gnss", "tcp:host:5/x", "write tcp:host:5"),
        ("--gnss-step-in-s", "0", "write seconds"),
        ("--gnss-silence-s", "soon", "write seconds"),
        ("--budget-mb-a-day", "1", "2 or more"),
        ("--budget-mb-a-day", "2.5", "whole megabytes"),
        ("--rate", "0", "write a number above 0"),
        ("--rate", "-1", "write a number above 0"),
        ("--rate", "nan", "write a number above 0"),
        ("--rate", "fast", "write a number above 0"),
        ("--screen-port", "70000", "0 (any free one) to 65535"),
        ("--journal-limit-mb", "0", "whole megabytes"),
    ],
)
def test_wrong_use_leaves_with_2_and_the_sentence_that_mends_it(
    option: str, value: str, mended: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2; the line names what to write instead."""
    with pytest.raises(SystemExit) as left:
        read_settings([*BASE, option, value], {})
    assert left.value.code == 2
    assert mended in capsys.readouterr().err


def test_a_rate_for_a_live_receiver_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody can hurry a real receiver."""
    with pytest.raises(SystemExit) as left:
        read_settings([*BASE[:4], "--gnss", "gpsd:localhost", "--rate", "2"], {})
    assert left.value.code == 2
    assert "--rate replays a file" in capsys.readouterr().err


def test_the_journal_lies_where_it_is_told_or_beside_the_token() -> None:
    """Option before environment before the token file's own name, so that cars sharing a folder don't collide."""
    assert read_settings(BASE, {}).journal == Path("/x/car7.token.journal")
    assert read_settings(BASE, {"PATROL_JOURNAL": "/e/j"}).journal == Path("/e/j")
    assert read_settings([*BASE, "--journal", "/o/j"], {"PATROL_JOURNAL": "/e/j"}).journal == Path("/o/j")


def test_receivers_are_told_apart() -> None:
    """Kinds, default gpsd port, a serial speed."""

    def gnss(text: str) -> tuple[str, str, str, int, int | None]:
        (source,) = read_settings([*BASE[:4], "--gnss", text], {}).reception.sources
        return source.kind, source.target, source.host, source.port, source.baud

    assert gnss("serial:/dev/ttyUSB0@4800") == ("serial", "/dev/ttyUSB0", "", 0, 4800)
    assert gnss("serial:/dev/ttyUSB0")[4] is None
    assert gnss("gpsd:localhost")[2:4] == ("localhost", 2947)
    assert gnss("tcp:10.0.0.1:10110")[2:4] == ("10.0.0.1", 10110)


def test_one_device_of_a_gpsd_is_named_by_its_path() -> None:
    """gpsd's own way to write it; the path is no part of host and port."""
    (source,) = read_settings([*BASE[:4], "--gnss", "gpsd:localhost:2948/dev/ttyACM0"], {}).reception.sources
    assert (source.host, source.port, source.device) == ("localhost", 2948, "/dev/ttyACM0")


def test_the_first_receiver_named_is_the_preferred() -> None:
    """`--gnss` may be repeated, and the order is kept."""
    given = read_settings([*BASE[:4], "--gnss", "serial:/dev/a", "--gnss", "gpsd:h"], {}).reception
    assert [str(source) for source in given.sources] == ["serial:/dev/a", "gpsd:h"]
    assert (given.step_in_s, given.hand_back_s, given.silence_s, given.recorded) == (5.0, 15.0, 10.0, False)


def test_a_live_receiver_is_sent_adaptively_and_a_replay_whole() -> None:
    """What was recorded is repeated; what is live is thinned, unless told otherwise."""

    def adaptive(*options: str) -> bool:
        return read_settings([*BASE[:4], *options], {}).sending.adaptive

    assert adaptive("--gnss", "gpsd:h")
    assert not adaptive("--gnss", "gpsd:h", "--pace", "steady")
    assert not adaptive("--gnss", "nmea:log")
    assert adaptive("--gnss", "nmea:log", "--pace", "adaptive")
    assert adaptive("--gnss", "nmea:log", "--budget-mb-a-day", "10")


def test_a_budget_is_whole_megabytes_and_thins() -> None:
    """2 MB hold a fix every 15 s over the day; less makes no sense, nor does a budget without thinning."""
    assert read_settings([*BASE, "--budget-mb-a-day", "20"], {}).sending.budget_bytes == 20_000_000
    assert read_settings(BASE, {}).sending.budget_bytes is None
    with pytest.raises(SystemExit):
        read_settings([*BASE, "--budget-mb-a-day", "20", "--pace", "steady"], {})


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "is empty"), (b"two words", "one token"), (b"\xff\xfe", "not text")]
)
def test_a_token_file_without_a_token_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """One line says what is wrong with the file; the token itself is never in it."""
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=said):
        read_token(file)


def test_backoff_draws_evenly_below_a_doubling_ceiling() -> None:
    """Full jitter: every delay lies between 0 and the ceiling, which stops at the cap; reset begins again."""
    retry = Backoff(1.0, 30.0, Random(7))
    delays = [retry.next_s() for _ in range(200)]
    assert all(0 <= delay <= min(30.0, 2.0**n) for n, delay in enumerate(delays))
    assert max(delays) > 20
    assert min(delays[10:]) < 5
    retry.reset()
    assert retry.next_s() <= 1.0


def test_a_replay_follows_the_receivers_own_times() -> None:
    """Twice as fast halves each step; a leap or a way back is the receiver's clock, not time that passed."""
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    pacer, now_s, delays = Pacer(2.0), 100.0, []
    moments = [noon, noon + timedelta(seconds=1), None, noon + timedelta(seconds=5), noon - timedelta(days=7000)]
    for moment in [*moments, noon + timedelta(days=9)]:
        delay_s = pacer.delay_s(moment, now_s)
        now_s += delay_s
        delays.append(delay_s)
    assert delays == pytest.approx([0, 0.5, 0, 2.0, 0.5, 0.5])
