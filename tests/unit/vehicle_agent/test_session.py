"""One connection's life without sockets: resume, window, rejections, strange gateways."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.vehicle_agent.by_the_book import Book, Visit, order
from tests.unit.vehicle_agent.parts import Parts, fill, fix, parts, status
from vehicle_agent.session import NEW_BOOT, STALL_LIMIT_S, WELCOME_LIMIT_S, WINDOW_ROWS, Session


def welcome(resume_after: int = 0, orders: list[dict[str, Any]] | None = None) -> str:
    """A welcome frame."""
    return json.dumps(
        {
            "type": "welcome",
            "unit_id": "u1",
            "unit_name": "北興 101",
            "server_ms": 1_700_000_002_500,
            "resume_after": resume_after,
            "orders": orders or [],
        }
    )


def ack(seq: int) -> str:
    """An ack frame."""
    return json.dumps({"type": "ack", "seq": seq})


def sent(session: Session) -> list[int]:
    """The numbers of everything that goes out now."""
    numbers: list[int] = []
    while (frame := session.next_frame()) is not None:
        content = json.loads(frame)
        numbers += [message["seq"] for message in (content if isinstance(content, list) else [content])]
    return numbers


@pytest.fixture
def car(tmp_path: Path) -> Parts:
    """A car with an empty journal."""
    return parts(tmp_path / "journal")


def test_hello_names_the_boot_and_the_clock(car: Parts) -> None:
    """The first frame is hello with the journal's boot, the agent's name and version, and the car's clock."""
    hello = json.loads(car.session().hello())
    assert hello["type"] == "hello"
    assert hello["boot"] == car.journal.boot
    assert hello["clock_ms"] == car.clock.ms()
    assert "/" in hello["agent"]


def test_nothing_goes_out_before_the_welcome(car: Parts) -> None:
    """Where to begin is the gateway's word."""
    fill(car.journal, 3)
    session = car.session()
    assert session.next_frame() is None
    session.receive(welcome())
    assert sent(session) == [1, 2, 3]


def test_resume_forgets_what_is_held_and_sends_the_rest(car: Parts) -> None:
    """`resume_after` counts as acknowledged."""
    fill(car.journal, 5)
    before = car.session()
    before.receive(welcome())
    assert sent(before) == [1, 2, 3, 4, 5]
    session = car.session()
    session.receive(welcome(resume_after=3))
    assert sent(session) == [4, 5]
    assert car.journal.waiting() == 2


def test_a_backlog_goes_in_batches_within_a_window(car: Parts) -> None:
    """No more than the window is under way, frames stay under 64 KiB, and each acknowledgement opens it further."""
    fill(car.journal, WINDOW_ROWS + 500)
    session, book = car.session(), Book()
    visit = Visit(book)
    session.receive(json.dumps(visit.take(session.hello())))
    frames = []
    while (frame := session.next_frame()) is not None:
        frames.append(frame)
        visit.take(frame)
    assert 1 < len(frames) < WINDOW_ROWS
    for answer in visit.commit(200):
        session.receive(json.dumps(answer))
    assert len(sent(session)) == 200


def test_a_single_message_is_no_batch(car: Parts) -> None:
    """A live fix goes as one object."""
    session = car.session()
    session.receive(welcome())
    car.journal.append(fix)
    frame = session.next_frame()
    assert frame is not None
    assert json.loads(frame)["seq"] == 1


def test_an_ack_ahead_of_what_was_sent_forgets_only_what_was_sent(car: Parts) -> None:
    """A gateway that acknowledges the future must not empty the journal."""
    session = car.session()
    session.receive(welcome())
    fill(car.journal, 2)
    assert sent(session) == [1, 2]
    fill(car.journal, 2)
    session.receive(ack(4))
    assert [row.seq for row in car.journal.after(0, 10)] == [3, 4]


def test_a_rejection_takes_out_that_message_alone_and_reaches_the_screen(car: Parts) -> None:
    """Earlier messages that are not yet acknowledged stay; the crew sees which step was refused and why."""
    session = car.session()
    session.receive(welcome())
    car.journal.append(fix)
    car.journal.append(status)
    assert sent(session) == [1, 2]
    session.receive(json.dumps({"type": "rejected", "seq": 2, "code": "bad_step", "message": "over"}))
    assert [row.seq for row in car.journal.after(0, 10)] == [1]
    (told,) = car.state.as_json()["rejected"]
    assert (told["code"], told["assignment_id"], told["status"]) == ("bad_step", "a2", "en_route")
    session.receive(ack(1))
    car.clock.pass_s(STALL_LIMIT_S + 1)
    assert session.overdue() is None


def test_a_journal_restored_from_a_copy_begins_a_new_boot(car: Parts, tmp_path: Path) -> None:
    """If the gateway holds numbers that this file never let out, the same numbers would be lost as repetitions."""
    fill(car.journal, 2)
    car.journal.close()
    shutil.copy(tmp_path / "journal", tmp_path / "copy")
    copy = parts(tmp_path / "copy")
    boot = copy.journal.boot
    # New messages reach the numbers that the original used meanwhile, before the copy ever connects.
    fill(copy.journal, 3)
    session = copy.session()
    session.receive(welcome(resume_after=4))
    assert session.ended == NEW_BOOT
    assert copy.journal.boot != boot
    again = copy.session()
    again.receive(welcome(resume_after=0))
    assert sent(again) == [1, 2, 3, 4, 5]


def test_a_boot_that_changes_under_the_session_ends_it(car: Parts) -> None:
    """Messages of a new boot must not go out under the old one's hello."""
    session = car.session()
    session.receive(welcome())
    car.journal.append(fix)
    car.journal.start_new_boot()
    assert session.next_frame() is None
    assert session.ended == NEW_BOOT


@pytest.mark.parametrize("code", ["bad_json", "bad_message", "no_hello", "too_fast"])
def test_errors_that_mean_a_frame_was_not_taken_start_again(car: Parts, code: str) -> None:
    """Only a new hello tells from where on the gateway has taken messages."""
    session = car.session()
    session.receive(welcome())
    session.receive(json.dumps({"type": "error", "code": code, "message": "x"}))
    assert session.ended is not None


def test_an_unknown_type_on_either_side_is_not_fatal(car: Parts) -> None:
    """A newer gateway's message is passed over, an older gateway's `unknown_type` too; batches are read one by one."""
    session = car.session()
    session.receive(json.dumps([{"type": "fireworks"}, json.loads(welcome()), {"type": []}, {"type": "ack"}]))
    session.receive(json.dumps({"type": "error", "code": "unknown_type", "message": "camera"}))
    assert session.welcomed
    assert session.ended is None


def test_waiting_has_its_limits(car: Parts) -> None:
    """No welcome, or no acknowledgement for what is under way, ends the connection; idleness doesn't."""
    session = car.session()
    assert session.overdue() is None
    car.clock.pass_s(WELCOME_LIMIT_S + 1)
    assert session.overdue() == "no welcome"
    session.receive(welcome())
    car.clock.pass_s(STALL_LIMIT_S + 1)
    assert session.overdue() is None
    car.journal.append(fix)
    assert sent(session) == [1]
    assert session.overdue() is None
    car.clock.pass_s(STALL_LIMIT_S + 1)
    assert session.overdue() == "no acknowledgement"


def test_orders_live_until_they_end_and_survive_a_restart(car: Parts, tmp_path: Path) -> None:
    """Repeated orders change nothing, updates keep the crew's step, the welcome's list is the truth."""
    session = car.session()
    session.receive(welcome(orders=[order("a1"), order("a2")]))
    assert (car.state.kept.unit_name, car.state.clock_offset_ms) == ("北興 101", 2500)
    car.state.kept.orders[0].step = status(1).status
    session.receive(json.dumps(order("a1")))
    session.receive(json.dumps(order("a1", summary="持刀") | {"type": "order_update"}))
    car.journal.close()

    again = parts(tmp_path / "journal")
    first, second = again.state.as_json()["orders"]
    assert (first["assignment_id"], first["step"], first["incident"]["summary"]) == ("a1", "en_route", "持刀")
    assert second["step"] is None

    session = again.session()
    session.receive(welcome(orders=[order("a2")]))
    session.receive(json.dumps({"type": "order_ended", "assignment_id": "a2", "reason": "reassigned"}))
    session.receive(json.dumps({"type": "order_ended", "assignment_id": "never", "reason": "closed"}))
    shown = again.state.as_json()
    assert shown["orders"] == []
    assert [(e["assignment_id"], e["reason"]) for e in shown["ended"]] == [("a1", "gone"), ("a2", "reassigned")]


@pytest.mark.parametrize("reason", ["cancelled", "reassigned", "closed"])
def test_what_ended_while_the_car_was_away_gets_its_true_reason(car: Parts, reason: str) -> None:
    """The welcome leaves the order out, and says not why; the `order_ended` behind it does, and a later one of an
    order that ended by word changes nothing."""
    session = car.session()
    session.receive(welcome(orders=[order("a1"), order("a2")]))
    session = car.session()
    session.receive(welcome(orders=[]))
    assert [e["reason"] for e in car.state.as_json()["ended"]] == ["gone", "gone"]
    session.receive(json.dumps({"type": "order_ended", "assignment_id": "a1", "reason": reason}))
    session.receive(json.dumps({"type": "order_ended", "assignment_id": "a1", "reason": "closed"}))
    assert [(e["assignment_id"], e["reason"]) for e in car.state.as_json()["ended"]] == [("a1", reason), ("a2", "gone")]


def test_notices_are_kept_for_the_crew(car: Parts) -> None:
    """A notice shows with its level."""
    session = car.session()
    session.receive(json.dumps({"type": "notice", "text": "集合", "level": "warning"}))
    assert [(n["text"], n["level"]) for n in car.state.as_json()["notices"]] == [("集合", "warning")]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(max_size=80)
    | st.binary(max_size=80)
    | st.recursive(
        st.none() | st.integers() | st.sampled_from(["type", "ack", "welcome", "order"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "seq", "orders"]), inner),
        max_leaves=6,
    ).map(json.dumps)
)
def test_no_frame_makes_it_fail(car: Parts, frame: str | bytes) -> None:
    """Whatever a gateway sends, the car goes on."""
    car.session().receive(frame)
