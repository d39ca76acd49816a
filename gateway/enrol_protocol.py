"""Enrolment, version 1: how a car gets its device token. The code's form, and the messages on `ENROL_PATH`. Pure.

An operator makes a code (`patrol vehicle code PLATE`), the car sends it once and gets its token. Later the car renews
the token by itself, with the old one in the header. One question, one answer, end of the connection. The page for
others is docs/protocol.md.
"""

from __future__ import annotations

import hashlib
import unicodedata
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gateway.protocol import Message, Name

# Crockford's base 32: no I, L, O, U. What is misread is read back: O is 0, I and L are 1.
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH: Final = 8  # 40 bits, against some thousand guesses an hour at most
SCAN_PREFIX: Final = "PATROL:"
FRAME_LIMIT_BYTES: Final = 4096
_GROUP: Final = 4
_MISREAD: Final = str.maketrans("OIL", "011")


class EnrolErrorCode(StrEnum):
    """Why no token was given."""

    BAD_REQUEST = "bad_request"
    BAD_CODE = "bad_code"
    BAD_TOKEN = "bad_token"  # noqa: S105 - a code, no token
    TOO_MANY_GUESSES = "too_many_guesses"
    UNAVAILABLE = "unavailable"


class Enrol(Message, tag="enrol", frozen=True):
    """Give this car its first token, or another one, for this one-time code."""

    code: Annotated[str, Meta(min_length=1, max_length=200)]
    agent: Name


class Renew(Message, tag="renew", frozen=True):
    """Give this car a fresh token; the present one stands in the header `Authorization`."""

    agent: Name


class Enrolled(Message, tag="enrolled", frozen=True):
    """The token, said once. The one before it stays good until this one was used."""

    token: str
    unit_name: str


class EnrolRefused(Message, tag="error", frozen=True):
    """No token, and why; `retry_s`: not before."""

    code: EnrolErrorCode
    message: str
    retry_s: int | None = None


EnrolRequest = Enrol | Renew
EnrolAnswer = Enrolled | EnrolRefused

read_request: Final = msgspec.json.Decoder(EnrolRequest).decode
read_answer: Final = msgspec.json.Decoder(EnrolAnswer).decode


def tidy(typed: str) -> str | None:
    """The code as it was made, from what was typed or scanned; None where it can't be one.

    Case, spaces, hyphens, full-width forms of an input method and the usual misreadings don't matter.
    """
    text = unicodedata.normalize("NFKC", typed).upper().strip()
    text = text.removeprefix(SCAN_PREFIX)
    text = "".join(letter for letter in text if letter.isalnum()).translate(_MISREAD)
    return text if len(text) == CODE_LENGTH and set(text) <= set(ALPHABET) else None


def grouped(code: str) -> str:
    """For people: `K7M2-9XQD`."""
    return "-".join(code[start : start + _GROUP] for start in range(0, CODE_LENGTH, _GROUP))


def digest(code: str) -> str:
    """What is stored of a tidy code, hex. Slow (some 50 ms) on purpose: who reads the table can't try all codes within
    the life of one."""
    return hashlib.scrypt(code.encode(), salt=b"patrol.enrol.v1", n=2**14, r=8, p=1, dklen=32).hex()
