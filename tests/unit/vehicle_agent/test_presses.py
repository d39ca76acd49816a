"""The crew's presses: held back for a moment, taken back, let go once, and how far each has come."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.protocol import Ack, Order, Rejected, RejectedCode, Step, Welcome, encode
from tests.unit.vehicle_agent.by_the_book import order
from tests.unit.vehicle_agent.parts import START_MS, Parts, fix, parts
from vehicle_agent.errors import StepError
from vehicle_agent.presses import Phase, Presses


@pytest.fixture
def car(tmp_path: Path) -> Parts:
    """A car that holds one order."""
    made = parts(tmp_path / "journal")
    made.state.take_order(msgspec.convert(order("a1"), Order))
    return made


def journalled(car: Parts) -> list[dict[str, Any]]:
    """All steps that stand in the journal."""
    rows = [json.loads(row.body) for row in car.journal.after(0, 100)]
    return [row for row in rows if row["type"] == "status"]


def shown(car: Parts) -> list[dict[str, Any]]:
    """The presses as the screen gets them."""
    presses: list[dict[str, Any]] = car.state.as_json()["presses"]
    return presses


def step_of(car: Parts) -> Step | None:
    """The crew's step in its order."""
    held = car.state.order("a1")
    assert held is not None
    return held.step


def test_a_held_step_is_not_sent_and_keeps_its_time(car: Parts) -> None:
    """It shows at once and is journalled when it is let go, with the time of the press; positions go on meanwhile."""
    assert car.car.step("a1", Step.ACKNOWLEDGED, hold_s=5) is None
    assert (step_of(car), journalled(car)) == (Step.ACKNOWLEDGED, [])
    (press,) = shown(car)
    assert (press["phase"], press["held_until_ms"]) == ("held", START_MS + 5000)
    car.journal.append(fix)
    car.clock.pass_s(5)
    car.car.let_go_held(press["press_id"])
    (message,) = journalled(car)
    assert (message["seq"], message["time_ms"], message["status"]) == (2, START_MS, "acknowledged")
    assert [press["phase"] for press in shown(car)] == ["queued"]
    car.car.let_go_held()
    assert len(journalled(car)) == 1


def test_undo_leaves_nothing_behind(car: Parts) -> None:
    """The step before stands again, nothing was ever journalled, and a second undo says that it is too late."""
    car.car.step("a1", Step.ACKNOWLEDGED)
    car.car.step("a1", Step.EN_ROUTE, hold_s=5)
    press_id = shown(car)[-1]["press_id"]
    car.car.undo(press_id)
    assert step_of(car) is Step.ACKNOWLEDGED
    car.car.let_go_held(press_id)
    assert [message["status"] for message in journalled(car)] == ["acknowledged"]
    with pytest.raises(StepError) as refused:
        car.car.undo(press_id)
    assert refused.value.code == "too_late"


def test_the_next_press_lets_the_one_before_go(car: Parts) -> None:
    """Who presses on has not changed their mind: both are journalled in their order, each with its own time."""
    car.car.step("a1", Step.ACKNOWLEDGED, hold_s=5)
    car.clock.pass_s(1)
    car.car.step("a1", Step.EN_ROUTE, hold_s=5)
    car.car.let_go_held()
    assert [(message["status"], message["time_ms"]) for message in journalled(car)] == [
        ("acknowledged", START_MS),
        ("en_route", START_MS + 1000),
    ]


def test_an_sos_waits_for_nothing(car: Parts) -> None:
    """With a step held back the SOS is journalled at once, before it."""
    car.car.step("a1", Step.ACKNOWLEDGED, hold_s=5)
    assert car.car.sos(True) == 1
    car.car.let_go_held()
    assert [json.loads(row.body)["type"] for row in car.journal.after(0, 10)] == ["sos", "status"]


@pytest.mark.parametrize("died", ["while it was held", "once it was numbered", "once it was journalled"])
def test_a_kill_loses_no_press_and_says_none_twice(car: Parts, tmp_path: Path, died: str) -> None:
    """Whatever moment the agent dies at, the press is in the journal once when it is back, with its time."""
    car.car.step("a1", Step.ACKNOWLEDGED, hold_s=5)
    (press,) = car.state.presses.held()
    if died != "while it was held":
        seq = car.journal.last_seq + 1
        press.seq = seq
        car.state.presses._keep()
        if died == "once it was journalled":
            car.journal.append(press.as_status)
    car.journal.close()
    back = parts(tmp_path / "journal")
    back.clock.pass_s(3600)
    (message,) = journalled(back)
    assert (message["time_ms"], message["status"]) == (START_MS, "acknowledged")
    assert step_of(back) is Step.ACKNOWLEDGED
    assert [shown_press["phase"] for shown_press in shown(back)] == ["queued"]
    back.journal.close()


def test_each_press_tells_how_far_it_has_come(car: Parts, tmp_path: Path) -> None:
    """Queued offline, sent on the link, acknowledged by the server, queued again when the link breaks before that; a
    restart in between changes nothing."""
    car.car.sos(True)
    assert shown(car)[0]["phase"] == "queued"
    session = car.session()
    session.receive(encode(Welcome(unit_id="u", unit_name="n", server_ms=START_MS, resume_after=0, orders=[])))
    car.state.connected = True
    assert session.next_frame() is not None
    assert shown(car)[0]["phase"] == "sent"
    car.state.connected = False
    assert shown(car)[0]["phase"] == "queued"
    car.state.connected = True
    session.receive(encode(Ack(seq=1)))
    assert shown(car)[0]["phase"] == "acknowledged"
    car.journal.close()
    assert shown(parts(tmp_path / "journal"))[0]["phase"] == "acknowledged"


def test_a_late_rejection_is_shown_with_what_was_pressed(car: Parts) -> None:
    """Acknowledged and forgotten, and then refused by the rules: the press is marked, and the refusal names it."""
    car.car.step("a1", Step.ACKNOWLEDGED)
    car.state.presses.acknowledged(1)
    car.journal.forget(1)
    car.state.refuse(Rejected(seq=1, code=RejectedCode.BAD_STEP, message="over"), None)
    state = car.state.as_json()
    assert state["presses"][0]["phase"] == Phase.REJECTED
    assert (state["rejected"][0]["type"], state["rejected"][0]["status"]) == ("status", "acknowledged")


def test_a_note_of_another_version_is_passed_over(car: Parts) -> None:
    """What can't be read is logged; the car goes on without it."""
    car.journal.remember("presses", b"[{]")
    assert Presses(car.journal).held() == []


def test_only_the_newest_are_kept(car: Parts) -> None:
    """A year of presses needs no more room than a day."""
    for _ in range(40):
        car.state.presses.acknowledged(car.car.set_available(True))
    assert len(shown(car)) == 30


def test_what_waits_is_kept_beyond_that(car: Parts) -> None:
    """A call for help that no link has taken yet still says so after forty more presses, then goes."""
    first = car.car.sos(True)
    for _ in range(40):
        last = car.car.set_available(True)
    assert [press["phase"] for press in shown(car) if press["kind"] == "sos"] == ["queued"]
    car.state.presses.acknowledged(first)
    car.state.presses.acknowledged(last)
    car.state.presses.acknowledged(car.car.set_available(True))
    assert [press["kind"] for press in shown(car)] == ["availability"] * 30
