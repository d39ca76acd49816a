"""A newer server's strange words never cost a car its link, nor a crew an order that it can read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.protocol import Notice, OrderEnded, OrderUpdate, Rejected, RejectedCode
from tests.unit.vehicle_agent.by_the_book import order
from tests.unit.vehicle_agent.parts import Parts, fill, parts, status
from tests.unit.vehicle_agent.test_session import sent, welcome
from vehicle_agent.hearing import hear


@pytest.fixture
def car(tmp_path: Path) -> Parts:
    """A car with an empty journal."""
    return parts(tmp_path / "journal")


STRANGE: list[dict[str, Any]] = [
    {"arrived": {"by": "radio", "at_ms": 1}},
    {"arrived": "yes"},
    {"eta_s": "soon"},
    {"route": [1, 2]},
    {"incident": {**order("a1")["incident"], "caller_note": {"zh": "x"}}},
    {"colour": "blue", "arrived": {"by": "gps", "at_ms": "noon"}, "eta_s": {}},
]


@pytest.mark.parametrize("more", STRANGE)
@pytest.mark.parametrize("kind", ["welcome", "order_update"])
def test_a_strange_member_of_an_order_costs_that_member_alone(car: Parts, more: dict[str, Any], kind: str) -> None:
    """The link comes up, the order is shown, the next message is sent."""
    fill(car.journal, 1)
    session = car.session()
    strange = order("a1", summary="new") | more
    session.receive(welcome(orders=[strange if kind == "welcome" else order("a1"), order("a2")]))
    session.receive(json.dumps(strange | {"type": "order_update"}))
    assert session.welcomed
    assert sent(session) == [1]
    shown = {one["assignment_id"]: one for one in car.state.as_json()["orders"]}
    assert set(shown) == {"a1", "a2"}
    assert shown["a1"]["incident"]["summary"] == ("new" if "incident" not in more else "打架")
    assert shown["a1"].get("arrived") is None


def test_an_order_that_cannot_be_read_spoils_no_other_and_is_not_over(car: Parts) -> None:
    """What the car holds of it stays as it was; what it does not hold is logged, and the link is up."""
    first = car.session()
    first.receive(welcome(orders=[order("a1"), order("a2")]))
    session = car.session()
    broken: list[Any] = [{"type": "order", "assignment_id": name, "incident": 7} for name in ("a1", "a9")]
    broken.append("nonsense")
    session.receive(welcome(orders=[*broken, order("a3")]))
    assert session.welcomed
    assert [one["assignment_id"] for one in car.state.as_json()["orders"]] == ["a1", "a3"]


def test_words_that_this_version_does_not_know() -> None:
    """The nearest known one stands in; an error of an unknown kind, and what has no meaning without its member, is
    refused as a message, which the link survives."""
    ended = hear(b'{"type": "order_ended", "assignment_id": "a", "reason": "merged", "into": 3}').message
    assert isinstance(ended, OrderEnded)
    assert ended.reason == "closed"
    notice = hear(b'{"type": "notice", "text": "t", "level": "panic", "code": 5}').message
    assert isinstance(notice, Notice)
    assert (notice.level, notice.code) == ("warning", None)
    rejected = hear(b'{"type": "rejected", "seq": 3, "code": "odd", "message": "m"}').message
    assert isinstance(rejected, Rejected)
    assert rejected.code is RejectedCode.BAD_MESSAGE
    update = hear(json.dumps(order("a") | {"type": "order_update", "arrived": {"by": "radio"}}).encode()).message
    assert isinstance(update, OrderUpdate)
    for frame in (b'{"type": "error", "code": "odd", "message": "m"}', b'{"type": "ack", "seq": "x"}', b'{"a": 1}'):
        with pytest.raises(msgspec.ValidationError):
            hear(frame)


def test_a_late_rejection_deletes_nothing_that_was_not_sent(car: Parts) -> None:
    """Before the welcome, of a number beyond what went out, or of another journal: everything is still sent."""
    fill(car.journal, 50, status)

    def rejected(seq: int, **more: str) -> str:
        return json.dumps({"type": "rejected", "seq": seq, "code": "bad_step", "message": "over", **more})

    session = car.session()
    session.receive(rejected(40))
    session.receive(welcome())
    session.receive(rejected(40))
    assert sent(session) == list(range(1, 51))
    session.receive(rejected(41, boot="0b9dc4a9-7e0f-4f6e-8d9c-0a1b2c3d4e5f"))
    assert car.journal.waiting() == 50
    assert car.state.as_json()["rejected"] == []
    session.receive(rejected(42, boot=car.journal.boot.upper()))
    session.receive(rejected(43))
    assert car.journal.waiting() == 48
    assert [one["seq"] for one in car.state.as_json()["rejected"]] == [42, 43]
