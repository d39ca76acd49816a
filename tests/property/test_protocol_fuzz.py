"""Any bytes give an answer named in the protocol, never an exception."""

from __future__ import annotations

import json
from typing import Any, get_args

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.parsing import Fault, Refusal, parse_car_frame
from gateway.protocol import Ack, CarMessage, Error, ErrorCode, Rejected, RejectedCode, Welcome, encode
from gateway.session import Close, Send, Session, Store

NOW_MS = 1_700_000_000_000
HELLO = json.dumps(
    {"type": "hello", "boot": "0b9d3f8e-7c41-4a55-9c1c-0d3f8e7c41aa", "agent": "fuzz/1", "clock_ms": NOW_MS}
)

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**18, max_value=10**40)
    | st.floats()
    | st.text(st.characters(exclude_categories=[]), max_size=20)
    | st.sampled_from(["\x00", "\ud800", "fix", "hello", "gnss", "en_route", "off"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=6,
)
names = {name for kind in get_args(CarMessage) for name in kind.__struct_fields__}
members = st.sampled_from([*sorted(names), "extra"])
plausible = st.fixed_dictionaries(
    {"type": st.sampled_from(["hello", "fix", "camera", "status", "availability", "sos", "wave"]) | anything},
    optional={
        "seq": st.integers(-2, 40) | anything,
        "time_ms": st.integers(0, 2 * NOW_MS) | anything,
        "lat": st.floats(-95, 95) | anything,
        "lon": st.floats(-190, 190) | anything,
    },
).flatmap(lambda base: st.dictionaries(members, anything, max_size=6).map(lambda extra: {**extra, **base}))
messages = plausible | anything
frames = (
    st.binary(max_size=200)
    | st.text(st.characters(exclude_categories=[]), max_size=200)
    | messages.map(json.dumps)
    | st.lists(messages, max_size=6).map(json.dumps)
    | messages.map(lambda message: json.dumps(message)[:-2])
)


@settings(max_examples=250)
@given(frames)
def test_any_frame_is_read_refused_or_faulted(frame: str | bytes) -> None:
    """Whatever arrives is messages, refusals by seq that a database can hold, or faults with a code of the protocol."""
    items = parse_car_frame(frame)
    assert items
    for item in items:
        if isinstance(item, Fault):
            assert item.code in set(ErrorCode)
            assert encode(Error(code=item.code, message=item.message))
        elif isinstance(item, Refusal):
            assert item.code in set(RejectedCode)
            assert item.seq >= 1
            assert "\x00" not in item.message
            encode(Rejected(seq=item.seq, code=item.code, message=item.message))
            assert "\\u0000" not in item.body.replace("\\\\", "")
            json.loads(item.body.encode(), parse_constant=lambda name: 1 / 0)
        else:
            again = msgspec.json.decode(encode(item), type=CarMessage)
            assert again == item


@settings(max_examples=100)
@given(st.booleans(), st.lists(frames, max_size=12))
def test_any_conversation_is_answered_by_the_protocol(polite: bool, conversation: list[Any]) -> None:
    """A session answers any frames with messages of the protocol alone, and each frame with something: a word, a
    store that will be acknowledged, or nothing but a repeat."""
    session = Session(0.0)
    if polite:
        session.receive(HELLO, 0.0, NOW_MS)
        session.welcome(Welcome(unit_id="u", unit_name="U", server_ms=NOW_MS, resume_after=0, orders=[]), 0.0, NOW_MS)
    open_, taken = True, 0
    for frame in conversation:
        outputs = session.receive(frame, 0.0, NOW_MS)
        if not open_:
            assert outputs == []
        for output in outputs:
            if isinstance(output, Store):
                seqs = [entry.seq for entry in output.entries]
                assert seqs == sorted(set(seqs))
                assert seqs[0] > taken
                taken = seqs[-1]
                refused = [entry for entry in output.entries if isinstance(entry, Refusal)]
                said = [item.message for item in session.committed(taken, refused) if isinstance(item, Send)]
                assert open_ is False or said == [] or said[-1] == Ack(seq=taken)
            elif isinstance(output, Send):
                assert isinstance(output.message, Ack | Error)
                encode(output.message)
            elif isinstance(output, Close):
                assert output.code == 1008
                open_ = False
