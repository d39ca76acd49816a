"""What a frame says, and what is said of it where it can't be read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.parsing import Fault, Refusal, parse_car_frame
from gateway.protocol import Availability, Camera, ErrorCode, Fix, Hello, Sos, Status

FIX: dict[str, Any] = {"type": "fix", "seq": 1, "time_ms": 5, "lat": 23.48, "lon": 120.45}
BOOT = "0b9d3f8e-7c41-4a55-9c1c-0d3f8e7c41aa"


def only(frame: str | bytes) -> Any:
    (item,) = parse_car_frame(frame)
    return item


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"type": "hello", "boot": BOOT, "agent": "a/1", "clock_ms": 1}, Hello),
        (FIX, Fix),
        ({"type": "camera", "seq": 1, "time_ms": 5, "camera_id": "c", "state": "recording"}, Camera),
        ({"type": "status", "seq": 1, "time_ms": 5, "assignment_id": "a", "status": "en_route"}, Status),
        ({"type": "availability", "seq": 1, "time_ms": 5, "available": False}, Availability),
        ({"type": "sos", "seq": 1, "time_ms": 5, "active": True}, Sos),
    ],
)
def test_each_type_is_read(message: dict[str, Any], kind: type) -> None:
    """Every message of the table is read from its required members alone, and unknown members change nothing."""
    assert isinstance(only(json.dumps(message)), kind)
    assert only(json.dumps({**message, "new_member": {"deep": [1]}})) == only(json.dumps(message))


def test_null_counts_as_absent() -> None:
    """null for an optional member is the same as leaving it out."""
    assert only(json.dumps({**FIX, "speed_mps": None, "source": None})) == only(json.dumps(FIX))


def test_batch_keeps_order_and_neighbours_of_a_bad_message() -> None:
    """In a batch, what is wrong with one message costs none of the others, and the order stays."""
    batch = [FIX, {**FIX, "seq": 2, "lat": 91}, 7, {"type": "wave", "seq": 3}, {**FIX, "seq": 4}]
    first, refused, scalar, unknown, last = parse_car_frame(json.dumps(batch))
    assert isinstance(first, Fix)
    assert isinstance(refused, Refusal)
    assert isinstance(scalar, Fault)
    assert isinstance(unknown, Fault)
    assert isinstance(last, Fix)
    assert (first.seq, refused.seq, last.seq) == (1, 2, 4)
    assert scalar.code == ErrorCode.BAD_MESSAGE
    assert unknown.code == ErrorCode.UNKNOWN_TYPE


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"lat": 90.0001}, "lat"),
        ({"lat": None}, "lat"),
        ({"lon": "120"}, "lon"),
        ({"lon": -180.5}, "lon"),
        ({"time_ms": -1}, "time_ms"),
        ({"time_ms": 1.5}, "time_ms"),
        ({"time_ms": 10**18}, "time_ms"),
        ({"accuracy_m": -1}, "accuracy_m"),
        ({"course_deg": 361}, "course_deg"),
        ({"speed_mps": True}, "speed_mps"),
        ({"source": "guess"}, "source"),
        ({"source": "\ud800"}, "source"),
        ({"type": None}, "type"),
        ({"type": 5}, "type"),
    ],
)
def test_refusal_names_the_member(change: dict[str, Any], member: str) -> None:
    """A message with a readable seq and an impossible member is refused by name, and kept as it came."""
    item = only(json.dumps({**FIX, **change}))
    assert isinstance(item, Refusal)
    assert item.seq == 1
    assert item.message.startswith(f"{member}: ")
    assert json.loads(item.body)["lat"] == {**FIX, **change}["lat"]


@pytest.mark.parametrize("member", ["lat", "lon", "time_ms"])
def test_refusal_names_the_missing_member(member: str) -> None:
    """A message that lacks a required member is refused with that member's name."""
    item = only(json.dumps({name: value for name, value in FIX.items() if name != member}))
    assert isinstance(item, Refusal)
    assert item.message == f"{member}: missing"


def test_too_long_a_name_and_a_foreign_boot_are_told_plainly() -> None:
    """The reason is in words, not in regular expressions."""
    hello = {"type": "hello", "boot": BOOT + "\n", "agent": "a", "clock_ms": 1}
    assert only(json.dumps(hello)).message.startswith("boot: not a UUID")
    note = {"type": "sos", "seq": 1, "time_ms": 5, "active": True, "note": "a\0b"}
    assert only(json.dumps(note)).message == "note: holds a NUL character"


@pytest.mark.parametrize("seq", [None, 0, -1, 1.0, "1", True, 2**63, 10**30, [], {}])
def test_no_readable_seq_is_an_error(seq: Any) -> None:
    """Without a seq that can be acknowledged there is nothing to refuse: the frame is an error."""
    item = only(json.dumps({**FIX, "seq": seq, "lat": 91}))
    assert isinstance(item, Fault)
    assert item.code == ErrorCode.BAD_MESSAGE


def test_bad_hello_is_an_error_even_with_a_seq() -> None:
    """A hello is not journalled, so it is never refused by seq."""
    item = only(json.dumps({"type": "hello", "seq": 3, "boot": BOOT, "agent": "", "clock_ms": 1}))
    assert isinstance(item, Fault)
    assert item.code == ErrorCode.BAD_MESSAGE


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "{",
        "nope",
        "{'type': 1}",
        '{"a": NaN}',
        '{"a": Infinity}',
        b"\xff\xfe",
        "\ufeff{}",
        '"\ud800',
        "[" * 60_000,
        "{}{}",
    ],
)
def test_not_json(frame: str | bytes) -> None:
    """What is not JSON is bad_json, however it fails to be."""
    assert only(frame).code == ErrorCode.BAD_JSON


@pytest.mark.parametrize("frame", ["1", "null", '"hello"', "true", "[]", "[[]]", "[1]", "[null]", "{}", '{"type": []}'])
def test_json_that_is_no_message(frame: str) -> None:
    """JSON that is no object with a type, and no batch of such, is bad_message."""
    assert only(frame).code == ErrorCode.BAD_MESSAGE


def test_a_bomb_in_an_ignored_member_is_answered() -> None:
    """Nesting beyond any sense is an answer, wherever it stands; a little less of it costs nothing."""
    nested = '{"type":"fix","seq":1,"time_ms":5,"lat":1,"lon":1,"x":%s%s}'
    assert only(nested % ("[" * 30_000, "]" * 30_000)).code == ErrorCode.BAD_JSON
    assert isinstance(only(nested % ("[" * 100, "]" * 100)), Fix)


def test_a_refused_bomb_is_kept_without_its_body() -> None:
    """A refused message that nests too deeply to be copied is recorded by its seq alone."""
    deep = '{{"type":"fix","seq":9,"time_ms":5,"lat":1,"x":{}{}}}'
    for depth in range(300, 990, 30):
        item = only(deep.format("[" * depth, "]" * depth))
        assert getattr(item, "seq", 9) == 9
    assert isinstance(only(deep.format("[" * 900, "]" * 900)), Refusal)


@pytest.mark.parametrize("value", ["\x00", "\ud800", "a\udfffb", 1e400, "9" * 70])
def test_kept_body_can_be_stored(value: Any) -> None:
    """What PostgreSQL can't hold is replaced in the kept body, in keys as in values, nested or not."""
    raw = {**FIX, "lat": 91, "extra": [value], "more": {str(value): value}}
    item = only(json.dumps(raw).replace("Infinity", "1e400"))
    assert isinstance(item, Refusal)
    assert "\\u0000" not in item.body
    assert "\\ud800" not in item.body
    json.loads(item.body, parse_constant=pytest.fail)


def test_half_a_surrogate_pair_in_an_ignored_member_is_ignored() -> None:
    """An unknown member is ignored even where its text is no text."""
    assert isinstance(only(json.dumps({**FIX, "x": "\ud800"})), Fix)


def test_monstrous_integers_are_answered() -> None:
    """An integer of thousands of digits is out of range, not an exception."""
    assert only('{"type":"fix","seq":1,"time_ms":%s,"lat":1,"lon":1}' % ("9" * 30_000)).message.startswith("time_ms: ")


def test_a_long_value_is_not_echoed_whole() -> None:
    """An answer quotes no more than a line of what it refuses."""
    item = only(json.dumps({"type": "x" * 60_000}))
    assert item.code == ErrorCode.UNKNOWN_TYPE
    assert len(item.message) < 400
