"""The desk's word on a call for help: it ends that call in the car, and never one that was made after it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.vehicle_agent.parts import Parts, parts
from tests.unit.vehicle_agent.test_session import welcome


@pytest.fixture
def car(tmp_path: Path) -> Parts:
    """A car with an empty journal."""
    return parts(tmp_path / "journal")


def word(car: Parts, code: str, seq: int, **other: Any) -> None:
    """The desk says so, of the call with this number in this journal."""
    about: dict[str, Any] = {"boot": car.journal.boot, "seq": seq} | other
    said = {"type": "notice", "text": "…", "level": "info", "code": code} | about
    session = car.session()
    session.receive(welcome())
    session.receive(json.dumps(said))


def sos(car: Parts) -> tuple[bool, bool]:
    """Whether it is on, and whether the desk has seen it."""
    state = car.state.as_json()
    return state["sos_active"], state["sos_seen"]


def test_the_desk_sees_it_and_ends_it(car: Parts, tmp_path: Path) -> None:
    """Seen, then resolved; both are kept over a restart, and both are messages for the crew."""
    seq = car.car.sos(True)
    assert sos(car) == (True, False)
    word(car, "sos_acknowledged", seq)
    assert sos(car) == (True, True)
    word(car, "sos_resolved", seq)
    assert sos(car) == (False, False)
    car.journal.close()
    again = parts(tmp_path / "journal")
    assert sos(again) == (False, False)
    assert [notice["code"] for notice in again.state.notices.as_json()] == ["sos_acknowledged", "sos_resolved"]


def test_a_call_repeated_is_the_same_call(car: Parts) -> None:
    """Held again, help is still on, and what the desk has seen stays seen; ended and called again it is a new one."""
    word(car, "sos_acknowledged", car.car.sos(True))
    car.car.sos(True)
    assert sos(car) == (True, True)
    car.car.sos(False)
    car.car.sos(True)
    assert sos(car) == (True, False)


@pytest.mark.parametrize("code", ["sos_acknowledged", "sos_resolved", "sos_thing_of_tomorrow"])
def test_a_word_on_an_earlier_call_ends_no_later_one(car: Parts, code: str) -> None:
    """It comes late, after the crew has called again; or it is about another journal, or about none."""
    first = car.car.sos(True)
    second = car.car.sos(True)
    word(car, code, first)
    assert sos(car) == (True, False)
    word(car, code, second, boot="11111111-2222-4333-8444-555555555555")
    assert sos(car) == (True, False)
    word(car, code, second, boot=None)
    assert sos(car) == (True, False)


def test_a_word_that_comes_twice_changes_nothing(car: Parts) -> None:
    """Where the crew has ended it itself, neither does the first."""
    seq = car.car.sos(True)
    car.car.sos(False)
    word(car, "sos_acknowledged", seq)
    word(car, "sos_resolved", seq)
    assert sos(car) == (False, False)
