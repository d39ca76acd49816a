"""Messages for the crew: each once, though a gateway that lost its link says the last ones again; damaged notes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.vehicle_agent.parts import Parts, parts
from tests.unit.vehicle_agent.test_session import welcome
from vehicle_agent.journal import Journal


@pytest.fixture
def car(tmp_path: Path) -> Parts:
    """A car with an empty journal."""
    return parts(tmp_path / "journal")


def notice(text: str) -> str:
    """A frame."""
    return json.dumps({"type": "notice", "text": text, "level": "info"})


def texts(car: Parts) -> list[str]:
    """What the crew sees."""
    return [one["text"] for one in car.state.as_json()["notices"]]


def test_a_notice_that_is_sent_again_after_a_reconnect_is_shown_once(car: Parts) -> None:
    """Once for each time that it was heard before; said twice on one connection, or again much later, it counts."""
    session = car.session()
    session.receive(welcome())
    for text in ("a", "b", "b"):
        session.receive(notice(text))
    assert texts(car) == ["a", "b", "b"]
    car.clock.pass_s(30)
    session = car.session()
    session.receive(welcome())
    for text in ("b", "a", "b", "c"):
        session.receive(notice(text))
    assert texts(car) == ["a", "b", "b", "c"]
    session.receive(notice("a"))
    assert texts(car) == ["a", "b", "b", "c", "a"]
    car.clock.pass_s(3600)
    session = car.session()
    session.receive(welcome())
    session.receive(notice("c"))
    assert texts(car)[-1] == "c"
    assert len(texts(car)) == 6


def test_a_rejection_that_is_sent_again_is_shown_once(car: Parts) -> None:
    """By number and words."""
    seq = car.car.set_available(False)
    car.journal.after(0, 1)
    for _ in range(2):
        session = car.session()
        session.receive(welcome(resume_after=seq))
        session.receive(json.dumps({"type": "rejected", "seq": seq, "code": "bad_message", "message": "no"}))
    assert [one["seq"] for one in car.state.as_json()["rejected"]] == [seq]


@pytest.mark.parametrize("note", ["state", "presses", "notices", "unsure.0", "server_ms"])
@pytest.mark.parametrize("value", [b'{"a": "\xff"}', b"\xff", b"[{}]", b'{"orders": 3}', b'{"orders": ["\xed\xa0"]}'])
def test_a_note_with_a_flipped_bit_does_not_end_the_agent(tmp_path: Path, note: str, value: bytes) -> None:
    """It starts without what the note held."""
    journal = Journal(tmp_path / "j", 64_000_000)
    journal.remember(note, value)
    journal.close()
    car = parts(tmp_path / "j")
    assert (texts(car), car.state.as_json()["orders"], car.state.as_json()["presses"]) == ([], [], [])
    car.journal.close()


def test_a_held_press_that_says_nothing_is_none(tmp_path: Path) -> None:
    """Damaged in a way that leaves it readable."""
    journal = Journal(tmp_path / "j", 64_000_000)
    journal.remember("presses", b'[{"press_id": "p", "kind": "status", "pressed_ms": 1, "phase": "held"}]')
    journal.close()
    car = parts(tmp_path / "j")
    assert car.journal.waiting() == 0
    car.journal.close()
