"""What time it is in a car whose computer's clock is wrong, jumps, or was never set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.protocol import TIME_MAX_MS, Camera, Fix, Status, Step
from tests.unit.vehicle_agent.parts import LIMIT_BYTES, fix
from vehicle_agent.clocks import Clocks
from vehicle_agent.journal import Journal

TRUE_MS = 1_795_400_000_000
HOUR_MS = 3_600_000


class World:
    """True time goes on; the computer's clock says what somebody set it to."""

    def __init__(self, folder: Path, raw_off_ms: int = 0) -> None:
        self.true_ms = TRUE_MS
        self.raw_off_ms = raw_off_ms
        self.started_ms = TRUE_MS - 10_000
        self.journal = Journal(folder / "j", LIMIT_BYTES)
        self.clocks = self.start_agent()

    def start_agent(self, computer: str = "start-1") -> Clocks:
        """The agent's clocks, in this start of the computer."""
        return Clocks(
            self.journal, lambda: self.true_ms + self.raw_off_ms, lambda: self.true_ms - self.started_ms, computer
        )

    def pass_ms(self, milliseconds: int) -> None:
        """Time goes on."""
        self.true_ms += milliseconds

    def fixes(self, count: int = 5, off_ms: int = 0, late_ms: int = 300) -> None:
        """A receiver that is right but for `off_ms`."""
        for _ in range(count):
            self.pass_ms(1000)
            self.clocks.hear_fix(self.true_ms - late_ms + off_ms)

    def welcome(self, off_ms: int = 0, way_ms: int = 100) -> int | None:
        """Hello, and the answer of a server that is right but for `off_ms`."""
        self.clocks.say_hello()
        self.pass_ms(way_ms)
        said_ms = self.true_ms + off_ms
        self.pass_ms(way_ms)
        return self.clocks.hear_server(said_ms)

    def press(self, pressed_ms: int | None = None) -> int:
        """A press of now; its number."""
        time_ms = self.clocks.now_ms() if pressed_ms is None else pressed_ms
        return self.journal.append(
            lambda seq: Status(seq=seq, time_ms=time_ms, assignment_id="a", status=Step.EN_ROUTE)
        )

    def held(self, seq: int) -> dict[str, Any]:
        """The message as it stands in the journal."""
        (row,) = self.journal.after(seq - 1, 1)
        body: dict[str, Any] = msgspec.json.decode(row.body)
        return body


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A clock 3 h ahead."""
    return World(tmp_path, 3 * HOUR_MS)


def near(time_ms: int, true_ms: int, within_ms: int = 2_000) -> bool:
    """Whether a time is right."""
    return abs(time_ms - true_ms) <= within_ms


def test_a_right_clock_is_left_alone(tmp_path: Path) -> None:
    """Neither the way of a fix through its receiver nor that of a welcome moves a clock that is right."""
    world = World(tmp_path)
    world.fixes(late_ms=900)
    world.welcome(way_ms=1500)
    assert world.clocks.now_ms() == world.true_ms
    assert not {"clock_ms", "time_unsure"} & world.held(world.press()).keys()
    assert world.journal.troubles.codes() == []


@pytest.mark.parametrize("reference", ["gnss", "server", "both"])
def test_a_clock_hours_off_damages_nothing(world: World, reference: str) -> None:
    """With GNSS, the server or both, a press has its true time and the clock's own beside it, and the crew is told."""
    if reference != "server":
        world.fixes()
    if reference != "gnss":
        world.welcome()
    held = world.held(world.press())
    assert near(held["time_ms"], world.true_ms)
    assert near(held["clock_ms"], world.true_ms + 3 * HOUR_MS)
    assert world.journal.troubles.codes() == ["clock_off"]
    offsets = (world.clocks.gnss_offset_ms, world.clocks.clock_offset_ms)
    for known, offset in zip((reference != "server", reference != "gnss"), offsets, strict=True):
        assert offset is None if not known else near(offset or 0, -3 * HOUR_MS)


@pytest.mark.parametrize("jump_ms", [-26 * HOUR_MS, 26 * HOUR_MS, -TRUE_MS - 5000, 250 * 365 * 24 * HOUR_MS])
def test_a_clock_that_jumps(world: World, jump_ms: int) -> None:
    """Forwards, backwards, before 1970: the next press has its true time, and every time fits into a message."""
    world.welcome()
    world.raw_off_ms += jump_ms
    held = world.held(world.press())
    assert near(held["time_ms"], world.true_ms)
    assert 0 <= held["clock_ms"] <= TIME_MAX_MS
    assert 0 <= world.clocks.say_hello() <= TIME_MAX_MS
    world.raw_off_ms = 0
    world.clocks.look()
    assert world.journal.troubles.codes() == []
    assert "clock_ms" not in world.held(world.press())


@pytest.mark.parametrize("boot_ms", [10_000, -5_000_000, 0])
def test_a_press_before_any_reference_is_put_right_before_it_leaves(tmp_path: Path, boot_ms: int) -> None:
    """Booted in 1970, or before it, without a network: what was pressed then has its true time once the server was
    heard, and so does its order."""
    world = World(tmp_path, -TRUE_MS + boot_ms)
    first, first_ms = world.press(), world.true_ms
    world.pass_ms(600_000)
    second, second_ms = world.press(), world.true_ms
    assert world.held(first)["time_ms"] < HOUR_MS
    world.pass_ms(60_000)
    world.welcome()
    for seq, true_ms in ((first, first_ms), (second, second_ms)):
        assert near(world.held(seq)["time_ms"], true_ms)
        assert world.held(seq)["clock_ms"] < HOUR_MS
    assert [row.seq for row in world.journal.after(0, 10)] == [first, second]


def test_it_is_put_right_even_when_the_agent_was_killed_meanwhile(world: World) -> None:
    """The noted presses survive the agent, as long as the computer was not started again; then nobody knows, and the
    clock's own time stands."""
    seq, true_ms = world.press(), world.true_ms
    world.pass_ms(30_000)
    world.clocks = world.start_agent()
    world.welcome()
    assert near(world.held(seq)["time_ms"], true_ms)
    assert "time_unsure" not in world.held(seq)
    world.clocks = world.start_agent("start-2")
    lost = world.press()
    world.clocks = world.start_agent("start-3")
    world.welcome()
    assert near(world.held(lost)["time_ms"], world.true_ms + 3 * HOUR_MS, 60_000)
    assert world.held(lost)["time_unsure"] is True


def test_gnss_alone_is_checked_against_the_server_before_anything_leaves(tmp_path: Path) -> None:
    """A receiver two days off corrupts a press only as long as nobody can see it: the welcome puts it right."""
    world = World(tmp_path)
    world.fixes(off_ms=48 * HOUR_MS)
    seq, true_ms = world.press(), world.true_ms
    assert not near(world.held(seq)["time_ms"], true_ms)
    world.welcome()
    assert near(world.held(seq)["time_ms"], true_ms)
    assert near(world.held(world.press())["time_ms"], world.true_ms)


@pytest.mark.parametrize("weeks", [-1024, -2048])
def test_a_receiver_from_the_past_is_not_believed(tmp_path: Path, weeks: int) -> None:
    """A rolled-over week number is no time, server or not."""
    world = World(tmp_path)
    world.fixes(off_ms=weeks * 7 * 24 * HOUR_MS)
    assert world.clocks.gnss_offset_ms is None
    assert world.clocks.now_ms() == world.true_ms


def test_a_single_fix_with_a_wrong_time_moves_nothing(world: World) -> None:
    """One of fifteen."""
    world.fixes(5)
    world.fixes(1, off_ms=50_000_000)
    world.fixes(5)
    assert near(world.held(world.press())["time_ms"], world.true_ms)


def test_a_slow_welcome_does_not_replace_a_quick_one(tmp_path: Path) -> None:
    """What came over a bad link is known less well; hours later it is better than the drift."""
    world = World(tmp_path, 3 * HOUR_MS)
    world.welcome(way_ms=50)
    world.clocks.say_hello()
    world.pass_ms(8_000)
    world.clocks.hear_server(world.true_ms)  # all of the delay on the way there
    assert near(world.clocks.now_ms(), world.true_ms, 100)
    world.pass_ms(48 * HOUR_MS)
    world.clocks.say_hello()
    world.pass_ms(8_000)
    world.clocks.hear_server(world.true_ms)
    assert near(world.clocks.now_ms(), world.true_ms, 5_000)


def test_a_press_held_back_over_the_correction_has_one_time(world: World) -> None:
    """Pressed by the wrong clock, journalled some seconds after the right time became known: the right time."""
    pressed_ms, true_ms = world.clocks.now_ms(), world.true_ms
    world.pass_ms(3_000)
    world.welcome()
    world.pass_ms(2_000)
    held = world.held(world.press(pressed_ms))
    assert near(held["time_ms"], true_ms)
    assert near(held["clock_ms"], true_ms + 3 * HOUR_MS)


def test_a_fix_keeps_the_receiver_s_time(world: World) -> None:
    """GNSS time is the time of a fix, whatever the clocks say."""
    world.welcome()
    world.fixes()
    seq = world.journal.append(fix)
    (row,) = world.journal.after(seq - 1, 1)
    assert msgspec.json.decode(row.body, type=Fix) == fix(seq)


def test_a_right_clock_before_the_first_welcome_is_confirmed_by_it(tmp_path: Path) -> None:
    """Until then the message says that nobody knows; then it is as if there had been no doubt."""
    world = World(tmp_path)
    seq, true_ms = world.press(), world.true_ms
    assert world.held(seq)["time_unsure"] is True
    world.welcome()
    assert (world.held(seq)["time_ms"], world.held(seq).keys() & {"time_unsure", "clock_ms"}) == (true_ms, set())


def test_a_night_of_camera_states_pushes_out_no_press(world: World) -> None:
    """Thousands before the first welcome: each costs one small note, the presses all get their times, and so do the
    newest states; the older ones stay marked. All of it is written in one go."""
    world.journal._database.execute("PRAGMA synchronous = OFF")
    presses = {world.press(): world.true_ms for _ in range(3)}
    largest = 0
    remember = world.journal.remember

    def measured(key: str, value: bytes) -> None:
        nonlocal largest
        largest = max(largest, len(value))
        remember(key, value)

    world.journal.remember = measured  # type: ignore[method-assign]
    for _ in range(1_200):
        world.pass_ms(1_000)
        state = Camera(seq=1, time_ms=world.clocks.now_ms(), camera_id="c", state="recording")
        world.journal.append(lambda seq, state=state: msgspec.structs.replace(state, seq=seq))  # type: ignore[misc]
    for _ in range(120):
        world.pass_ms(1_000)
        presses[world.press()] = world.true_ms
    assert largest < 20_000
    statements: list[str] = []
    world.journal._database.set_trace_callback(statements.append)
    world.welcome()
    world.journal._database.set_trace_callback(None)
    assert sum(text.startswith("BEGIN") for text in statements) <= 3
    rows = [msgspec.json.decode(row.body) for row in world.journal.after(0, 5_000)]
    steps = [row for row in rows if row["type"] == "status"]
    assert all(near(row["time_ms"], presses[row["seq"]]) and "time_unsure" not in row for row in steps)
    assert len(steps) == 123
    states = [row for row in rows if row["type"] == "camera"]
    sure = [row for row in states if "time_unsure" not in row]
    assert 400 <= len(sure) <= 500
    assert states[-1] in sure
    world.clocks = world.start_agent()
    assert world.clocks._unsure.all() == []


def test_what_the_disk_refuses_to_put_right_is_sent_right_and_tried_again(world: World) -> None:
    """The welcome comes while the disk is full: the right time leaves the car, and what is noted stays noted, so that
    a kill does not bring the wrong one back."""
    seq, true_ms = world.press(), world.true_ms
    world.journal._database.execute("PRAGMA query_only = 1")
    world.welcome()
    assert near(world.held(seq)["time_ms"], true_ms)
    world.journal._database.close()
    world.journal = Journal(world.journal._path, LIMIT_BYTES)
    assert not near(world.held(seq)["time_ms"], true_ms)
    world.clocks = world.start_agent()
    world.welcome()
    assert near(world.held(seq)["time_ms"], true_ms)
    assert "time_unsure" not in world.held(seq)


@pytest.mark.parametrize("killed", [True, False])
def test_a_press_held_back_over_the_first_welcome_and_a_jump(world: World, killed: bool) -> None:
    """Pressed by a clock 3 h ahead, the welcome came, the clock was set a day back, the agent perhaps killed; then the
    press gets its number: and its true time."""
    pressed_ms, true_ms = world.clocks.now_ms(), world.true_ms
    world.clocks.mark(Status(seq=0, time_ms=pressed_ms, assignment_id="a", status=Step.EN_ROUTE))
    world.pass_ms(1_000)
    world.welcome()
    world.raw_off_ms = -24 * HOUR_MS
    if killed:
        world.clocks = world.start_agent()
    seq = world.press(pressed_ms)
    if killed:
        world.welcome()
    held = world.held(seq)
    assert near(held["time_ms"], true_ms)
    assert "time_unsure" not in held
