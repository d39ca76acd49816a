"""What the gateway says, read as a car must read it: a newer server's words may be strange, and never cost the link.

A member that this version can't read is left out where it may be; a word that it doesn't know is taken for the nearest
that it does; an order of the welcome that can't be read at all spoils no other, and is not taken for ended.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from msgspec import Struct

from gateway.protocol import GATEWAY_TYPES, GatewayMessage, Order, decode_from_gateway

# For those words that the crew, or the car, must act on; an `error` of an unknown code is only passed over.
_NEAREST: Final = {
    ("order_ended", "reason"): "closed",
    ("notice", "level"): "warning",
    ("rejected", "code"): "bad_message",
}
_TRIES: Final = 20
_AT: Final = re.compile(r" - at `\$(?P<path>(?:\.\w+)+)")


class Heard(Struct, frozen=True):
    """One message; None for a type that this version does not know. `unread`: orders of a welcome, by assignment, that
    are open and can't be read."""

    message: GatewayMessage | None
    unread: tuple[str, ...] = ()


def hear(frame: bytes) -> Heard:
    """One message. Raises `msgspec.DecodeError` or `UnicodeError` where nothing can be made of it."""
    try:
        return Heard(decode_from_gateway(frame))
    except msgspec.ValidationError:
        told = msgspec.json.decode(frame)
        if not isinstance(told, dict) or told.get("type") not in GATEWAY_TYPES:
            raise
    unread: list[str] = []
    if told["type"] == "welcome" and isinstance(told.get("orders"), list):
        told["orders"] = _orders(told["orders"], unread)
    message: GatewayMessage = _read(told, GatewayMessage)
    return Heard(message, tuple(unread))


def _orders(told: list[Any], unread: list[str]) -> list[Any]:
    orders = []
    for one in told:
        try:
            orders.append(msgspec.to_builtins(_read(one, Order)))
        except msgspec.ValidationError:
            if isinstance(one, dict) and isinstance(one.get("assignment_id"), str):
                unread.append(one["assignment_id"])
    return orders


def _read(told: Any, kind: Any) -> Any:
    for _ in range(_TRIES):
        try:
            return msgspec.convert(told, kind)
        except msgspec.ValidationError as error:
            if not _mend(told, str(error)):
                raise
    return msgspec.convert(told, kind)


def _mend(told: Any, reason: str) -> bool:
    """Take out what the decoder stumbled over, or put a word in its place; False where there is nothing to take."""
    found = _AT.search(reason)
    if found is None:
        return False
    *way, last = found["path"].split(".")[1:]
    for member in way:
        told = told[member]
    word = None if way else _NEAREST.get((told.get("type"), last))
    if word is not None and told.get(last) != word and isinstance(told.get(last), str):
        told[last] = word
        return True
    return told.pop(last, None) is not None
