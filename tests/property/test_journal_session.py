"""The car's session against a gateway by the book: what it holds at last is what the car journalled, once each."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.vehicle_agent.by_the_book import Book, Visit
from tests.unit.vehicle_agent.parts import fill, fix, parts, status

ACTS = st.lists(
    st.tuples(st.just("journal"), st.integers(1, 300))
    | st.tuples(st.just("send"), st.integers(1, 8))
    | st.tuples(st.just("commit"), st.integers(1, 200))
    | st.tuples(st.sampled_from(["ack", "break", "restart"]), st.just(0)),
    max_size=40,
)


@settings(max_examples=60)
@given(ACTS)
def test_nothing_is_lost_doubled_or_changed(acts: list[tuple[str, int]]) -> None:
    """For any interleaving of journalling, sending, commits, lost acknowledgements, broken links and restarts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal"
        car = parts(path)
        book = Book()
        session, visit = car.session(), Visit(book)
        answers = visit.take(session.hello())
        journalled = 0
        for act, amount in [*acts, ("break", 0), ("ack", 0), ("send", 1_000), ("commit", 100_000), ("ack", 0)]:
            if act == "journal":
                fill(car.journal, amount - 1)
                car.journal.append(status)
                journalled += amount
            elif act == "send":
                for _ in range(amount):
                    frame = session.next_frame()
                    if frame is None:
                        break
                    answers += visit.take(frame)
            elif act == "commit":
                answers += visit.commit(amount)
            elif act == "ack":
                for answer in answers:
                    session.receive(json.dumps(answer))
                answers = []
            else:
                if act == "restart":
                    car.journal.close()
                    car = parts(path)
                session, visit = car.session(), Visit(book)
                answers = visit.take(session.hello())
        for _ in range(journalled):
            if not car.journal.waiting():
                break
            while (frame := session.next_frame()) is not None:
                visit.take(frame)
            for answer in visit.commit():
                session.receive(json.dumps(answer))
        (boot,) = book.boots
        held = book.durable[boot]
        assert sorted(held) == list(range(1, journalled + 1))
        for seq, message in held.items():
            expected = status(seq) if message["type"] == "status" else fix(seq)
            assert message["time_ms"] == expected.time_ms
        car.journal.close()
