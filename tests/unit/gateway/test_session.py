"""The rules of a connection, one by one, without a socket, a database or a clock."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.parsing import Refusal
from gateway.protocol import Ack, Error, ErrorCode, Rejected, RejectedCode, Welcome
from gateway.session import Close, Limits, NeedWelcome, Output, Send, Session, Store

BOOT = "0b9d3f8e-7c41-4a55-9c1c-0d3f8e7c41aa"
HELLO = {"type": "hello", "boot": BOOT, "agent": "test/1", "clock_ms": 1}
NOW_MS = 1_700_000_000_000


def fix(seq: int, time_ms: int = NOW_MS) -> dict[str, Any]:
    return {"type": "fix", "seq": seq, "time_ms": time_ms, "lat": 1.0, "lon": 2.0}


class Driver:
    """A session with its clock in hand."""

    def __init__(self, limits: Limits | None = None, resume_after: int | None = 0) -> None:
        self.now_s = 100.0
        self.session = Session(self.now_s, limits)
        if resume_after is not None:
            self.send(HELLO)
            self.welcome(resume_after)

    def send(self, message: Any) -> list[Output]:
        return self.raw(json.dumps(message))

    def raw(self, frame: str | bytes) -> list[Output]:
        return self.session.receive(frame, self.now_s, NOW_MS)

    def welcome(self, resume_after: int = 0) -> list[Output]:
        answer = Welcome(unit_id="u", unit_name="U", server_ms=NOW_MS, resume_after=resume_after, orders=[])
        return self.session.welcome(answer, self.now_s, NOW_MS)


def stored(outputs: list[Output]) -> list[int]:
    return [entry.seq for output in outputs if isinstance(output, Store) for entry in output.entries]


def sent(outputs: list[Output]) -> list[Any]:
    return [output.message for output in outputs if isinstance(output, Send)]


def error_codes(outputs: list[Output]) -> list[ErrorCode]:
    return [message.code for message in sent(outputs) if isinstance(message, Error)]


def test_hello_asks_for_the_welcome() -> None:
    """A hello is answered by the look-up of the journal, and then by the welcome."""
    driver = Driver(resume_after=None)
    (output,) = driver.send(HELLO)
    assert isinstance(output, NeedWelcome)
    assert output.hello.boot == BOOT
    assert [message.resume_after for message in sent(driver.welcome(7))] == [7]


def test_what_follows_hello_in_one_batch_waits_for_the_welcome() -> None:
    """Messages behind the hello in its own batch are taken after the welcome, in their order."""
    driver = Driver(resume_after=None)
    outputs = driver.send([HELLO, fix(1), fix(2)])
    assert [type(output) for output in outputs] == [NeedWelcome]
    answer = driver.welcome()
    assert isinstance(sent(answer)[0], Welcome)
    assert stored(answer) == [1, 2]


def test_nothing_before_hello() -> None:
    """Messages before the hello get one error a frame, refused ones too, and are not stored."""
    driver = Driver(resume_after=None)
    outputs = driver.send([fix(1), fix(2), {**fix(3), "lat": 99}])
    assert error_codes(outputs) == [ErrorCode.NO_HELLO]
    assert stored(outputs) == []


def test_second_hello_is_an_error() -> None:
    """One hello a connection; another one changes nothing."""
    driver = Driver()
    assert error_codes(driver.send(HELLO)) == [ErrorCode.BAD_MESSAGE]
    assert stored(driver.send(fix(1))) == [1]


def test_a_welcome_that_nobody_asked_for_changes_nothing() -> None:
    """The welcome is given once: a late second one neither speaks nor moves the sequence."""
    driver = Driver(resume_after=5)
    assert driver.welcome(99) == []
    assert stored(driver.send(fix(6))) == [6]


def test_acknowledged_only_after_the_commit() -> None:
    """Taking a message says nothing; its commit does, up to the highest durable seq."""
    driver = Driver()
    assert sent(driver.send([fix(1), fix(3)])) == []
    assert sent(driver.session.committed(1)) == [Ack(seq=1)]
    assert sent(driver.session.committed(3)) == [Ack(seq=3)]


def test_a_commit_that_moves_nothing_is_silent() -> None:
    """No second acknowledgement for the same commit."""
    driver = Driver(resume_after=4)
    assert driver.session.committed(4) == []


def test_repeated_seq_changes_nothing_and_is_acknowledged_again() -> None:
    """What is held is acknowledged at once and not stored again; many repeats in a batch get one acknowledgement."""
    driver = Driver(resume_after=10)
    outputs = driver.send([fix(4), fix(10), {**fix(9), "lat": 99}])
    assert stored(outputs) == []
    assert sent(outputs) == [Ack(seq=10)]


def test_repeated_seq_still_on_its_way_is_neither_stored_nor_acknowledged() -> None:
    """A repeat of a message whose commit is pending waits for that commit."""
    driver = Driver()
    driver.send(fix(1))
    assert driver.send(fix(1)) == []
    assert sent(driver.session.committed(1)) == [Ack(seq=1)]


def test_a_commit_elsewhere_counts_here() -> None:
    """After a takeover, what the first connection made durable is a repeat on the second."""
    driver = Driver()
    driver.session.committed(8)
    assert sent(driver.send(fix(8))) == [Ack(seq=8)]
    assert stored(driver.send(fix(9))) == [9]


def test_bad_message_is_stored_then_rejected_then_acknowledged() -> None:
    """A refused message is recorded first; only then the car hears of it, and its seq counts as acknowledged."""
    driver = Driver()
    (store,) = driver.send({**fix(1), "lat": 99})
    assert isinstance(store, Store)
    (refusal,) = store.entries
    assert isinstance(refusal, Refusal)
    rejected, ack = sent(driver.session.committed(1, [refusal]))
    assert isinstance(rejected, Rejected)
    assert (rejected.seq, rejected.code, rejected.message) == (1, RejectedCode.BAD_MESSAGE, refusal.message)
    assert ack == Ack(seq=1)


@pytest.mark.parametrize(("ahead_ms", "refused"), [(5 * 60_000, False), (5 * 60_000 + 1, True)])
def test_clock_ahead(ahead_ms: int, refused: bool) -> None:
    """A fix more than five minutes ahead of the server's clock is refused; at exactly five it is not."""
    (store,) = Driver().send(fix(1, NOW_MS + ahead_ms))
    assert isinstance(store, Store)
    (entry,) = store.entries
    assert isinstance(entry, Refusal) is refused
    if isinstance(entry, Refusal):
        assert entry.code == RejectedCode.CLOCK_AHEAD
        assert json.loads(entry.body)["time_ms"] == NOW_MS + ahead_ms


def test_only_fixes_are_refused_for_their_clock() -> None:
    """An SOS counts whatever the car's clock says."""
    (store,) = Driver().send({"type": "sos", "seq": 1, "time_ms": NOW_MS + 10**9, "active": True})
    assert isinstance(store, Store)
    assert not isinstance(store.entries[0], Refusal)


def test_unknown_type_is_not_fatal() -> None:
    """An unknown type gets an error, and the connection goes on."""
    driver = Driver()
    outputs = driver.send([fix(1), {"type": "teleport", "seq": 2}, fix(3)])
    assert error_codes(outputs) == [ErrorCode.UNKNOWN_TYPE]
    assert stored(outputs) == [1, 3]


def test_binary_frames_are_not_json() -> None:
    """Every frame is text; a binary one is bad_json even if its bytes are fine JSON."""
    assert error_codes(Driver().raw(json.dumps(fix(1)).encode())) == [ErrorCode.BAD_JSON]


def test_the_tenth_error_in_a_minute_closes() -> None:
    """Nine errors are answered; the tenth is answered and closes with 1008; then there is silence."""
    driver = Driver()
    for _ in range(9):
        assert not any(isinstance(output, Close) for output in driver.raw("{"))
    *_, last = driver.raw("{")
    assert last == Close(1008, "ten errors within a minute")
    assert driver.send(fix(1)) == []
    assert driver.session.committed(5) == []
    assert driver.session.tick(1e9) == []


def test_ten_errors_over_more_than_a_minute_do_not_close() -> None:
    """Errors are counted over a minute that moves."""
    driver = Driver()
    for _ in range(30):
        driver.now_s += 6.7
        assert not any(isinstance(output, Close) for output in driver.raw("{"))


def test_messages_before_the_fatal_error_of_a_batch_are_kept() -> None:
    """What stands in a batch before the tenth error is stored; what stands behind it is not; the close comes last."""
    driver = Driver(resume_after=1)
    outputs = driver.send([fix(1), fix(2), *([0] * 12), fix(3)])
    assert stored(outputs) == [2]
    assert len(error_codes(outputs)) == 10
    assert isinstance(outputs[-1], Close)
    assert not any(isinstance(message, Ack) for message in sent(outputs))


def test_too_fast_sheds_everything_after_the_first_shed_frame() -> None:
    """Once a frame was shed nothing later is taken, however slow, so no acknowledgement can pass over it."""
    driver = Driver(Limits(burst_frames=3, frames_per_s=1))
    assert stored(driver.send(fix(1))) == [1]
    assert stored(driver.send(fix(2))) == [2]
    assert error_codes(driver.send(fix(3))) == [ErrorCode.TOO_FAST]
    driver.now_s += 5
    assert error_codes(driver.send(fix(4))) == [ErrorCode.TOO_FAST]
    assert sent(driver.session.committed(2)) == [Ack(seq=2)]


def test_the_rate_refills_up_to_the_burst() -> None:
    """A car within its rate is never shed, and a long silence saves up no more than the burst."""
    driver = Driver(Limits(burst_frames=2, frames_per_s=1))
    for seq in range(1, 20):
        driver.now_s += 1
        assert stored(driver.send(fix(seq))) == [seq]
    driver.now_s += 1000
    assert [error_codes(driver.send(fix(seq))) for seq in (20, 21, 22)] == [[], [], [ErrorCode.TOO_FAST]]


def test_a_shed_car_that_stays_is_sent_away() -> None:
    """A car that was shed and neither leaves nor errs ten times is closed, so that it resumes."""
    driver = Driver(Limits(burst_frames=1, frames_per_s=0.001))
    driver.send(fix(1))
    assert driver.session.tick(driver.now_s + 10) == []
    assert driver.session.tick(driver.now_s + 10.1) == [Close(1013, "too fast: reconnect and resume")]


def test_without_a_hello_a_connection_ends() -> None:
    """A connection that never says hello is closed after its time, one that did is not."""
    silent, polite = Driver(resume_after=None), Driver()
    assert silent.session.tick(160) == []
    assert silent.session.tick(160.1) == [Close(1008, "no hello")]
    assert polite.session.tick(1e6) == []
