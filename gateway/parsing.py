"""What a car's frame says: each message of it, or why it can't be taken. Pure; never raises, whatever the bytes.

The good case is one typed decode of the whole frame. Only a frame that fails it is taken apart, message by message, to
say which member of which message is wrong and to keep the others.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import msgspec

from gateway.protocol import (
    CAR_TYPES,
    SEQ_MAX,
    TIME_MAX_MS,
    Availability,
    Camera,
    CarMessage,
    CheckIn,
    ErrorCode,
    Fix,
    Health,
    Hello,
    Recording,
    RejectedCode,
    Sos,
    Status,
)

_SAY_LIMIT: Final = 300
_MEMBERS: Final = {
    "hello": ("type", *Hello.__struct_fields__),
    "fix": ("type", *Fix.__struct_fields__),
    "camera": ("type", *Camera.__struct_fields__),
    "recording": ("type", *Recording.__struct_fields__),
    "status": ("type", *Status.__struct_fields__),
    "availability": ("type", *Availability.__struct_fields__),
    "sos": ("type", *Sos.__struct_fields__),
    "check_in": ("type", *CheckIn.__struct_fields__),
    "health": ("type", *Health.__struct_fields__),
}
_UNLIKE: Final = {"boot": "not a UUID", "sha256": "not 64 hexadecimal digits in lower case"}
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_AT_MEMBER: Final = re.compile(r"^(?P<what>.*) - at `\$\.(?P<member>\w+).*`$", re.DOTALL)
_MISSING: Final = re.compile(r"^Object missing required field `(?P<member>\w+)`")

_frame: Final[msgspec.json.Decoder[CarMessage | list[CarMessage]]] = msgspec.json.Decoder(CarMessage | list[CarMessage])


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message refused for good: its `seq` could be read, so it is recorded and counts as acknowledged."""

    seq: int
    code: RejectedCode
    message: str
    type: str
    time_ms: int | None
    body: str
    """The message as it came, as JSON text; what a database can't hold is replaced in it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A frame, or one object of a batch, that could not be read at all."""

    code: ErrorCode
    message: str


Parsed = CarMessage | Refusal | Fault


def parse_car_frame(frame: str | bytes) -> list[Parsed]:
    """The messages of one frame in their order, each read, refused (`seq` readable) or faulty. Never raises."""
    try:
        decoded = _frame.decode(frame)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return _take_apart(frame)
    if isinstance(decoded, list):
        return [*decoded] if decoded else [Fault(ErrorCode.BAD_MESSAGE, "an empty batch")]
    return [decoded]


def storable(text: str) -> str:
    """The text with all that PostgreSQL refuses in it (NUL, lone surrogates) replaced."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _take_apart(frame: str | bytes) -> list[Parsed]:
    try:
        text = frame if isinstance(frame, str) else frame.decode()
        raw = json.loads(text, parse_int=_number, parse_constant=_no_constant)
    except RecursionError:
        return [Fault(ErrorCode.BAD_JSON, "nested too deeply")]
    except ValueError as error:
        return [Fault(ErrorCode.BAD_JSON, _say(str(error)))]
    if not isinstance(raw, list):
        return [_read(raw, "the frame")]
    return [_read(item, f"message {place} of the batch") for place, item in enumerate(raw, start=1)]


def _read(raw: Any, where: str) -> Parsed:
    if not isinstance(raw, dict):
        return Fault(ErrorCode.BAD_MESSAGE, f"{where} is not an object with a `type`")
    kind = raw.get("type")
    if isinstance(kind, str) and kind not in CAR_TYPES:
        return Fault(ErrorCode.UNKNOWN_TYPE, _say(f"type: {kind!r} is unknown in {where}"))
    if not isinstance(kind, str):
        reason = "type: missing" if kind is None else "type: not a string"
    else:
        known = {name: raw[name] for name in _MEMBERS[kind] if name in raw}
        broken = [name for name, value in known.items() if isinstance(value, str) and _LONE_SURROGATE.search(value)]
        if not broken:
            try:
                message: CarMessage = msgspec.convert(known, CarMessage)
            except msgspec.ValidationError as error:
                reason = _reason(str(error))
            else:
                return message
        else:
            reason = f"{broken[0]}: holds half a surrogate pair, which is no character"
    seq = raw.get("seq")
    if kind == "hello" or type(seq) is not int or not 1 <= seq <= SEQ_MAX:
        return Fault(ErrorCode.BAD_MESSAGE, _say(f"{reason} (in {where})"))
    time_ms = raw.get("time_ms")
    return Refusal(
        seq=seq,
        code=RejectedCode.BAD_MESSAGE,
        message=_say(reason),
        type=kind if isinstance(kind, str) else "unknown",
        time_ms=time_ms if type(time_ms) is int and 0 <= time_ms <= TIME_MAX_MS else None,
        body=_body(raw),
    )


def _reason(text: str) -> str:
    """The decoder's words, with the member's name first."""
    if found := _AT_MEMBER.match(text):
        if "matching regex" in found["what"]:
            return f"{found['member']}: {_UNLIKE.get(found['member'], 'holds a NUL character')}"
        return f"{found['member']}: {found['what']}"
    if found := _MISSING.match(text):
        return f"{found['member']}: missing"
    return text


def _body(raw: dict[str, Any]) -> str:
    try:
        return json.dumps(_clean(raw), allow_nan=False)
    except RecursionError:
        return json.dumps({"type": "unknown", "seq": raw["seq"], "unreadable": "nested too deeply"})


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "a number out of range"
    return value


def _number(digits: str) -> int | float:
    """An integer of a sane length; a monstrous one becomes a float, which every integer member refuses."""
    return int(digits) if len(digits) <= 20 else float(digits)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _say(text: str) -> str:
    return storable(text if len(text) <= _SAY_LIMIT else text[:_SAY_LIMIT] + "…")
