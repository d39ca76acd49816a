"""What the headers of tus 1.0 say. Each function raises HTTPException 400 with what should stand there."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request

VERSION: Final = "1.0.0"
ALGORITHMS: Final = ("sha256", "sha1")


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a request says that its body has."""

    digest: hashlib._Hash
    wanted: bytes

    def fits(self) -> bool:
        """Whether it has."""
        return hmac.compare_digest(self.digest.digest(), self.wanted)


def checksum_of(request: Request) -> Checksum | None:
    """What Upload-Checksum wants; None without one."""
    said = request.headers.get("Upload-Checksum")
    if said is None:
        return None
    algorithm, _, value = said.partition(" ")
    try:
        if algorithm not in ALGORITHMS:
            raise ValueError
        return Checksum(hashlib.new(algorithm), base64.b64decode(value, validate=True))
    except (ValueError, binascii.Error):
        raise HTTPException(400, f"Send Upload-Checksum as one of {', '.join(ALGORITHMS)} and base64.") from None


def metadata_of(request: Request, wanted: str) -> str | None:
    """One value of Upload-Metadata, decoded; None where it is not there. The others are the client's own affair."""
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        name, _, value = pair.strip().partition(" ")
        if name != wanted:
            continue
        try:
            return base64.b64decode(value, validate=True).decode()
        except (ValueError, UnicodeDecodeError):
            raise HTTPException(400, f"Upload-Metadata: {name!r} is not UTF-8 in base64.") from None
    return None


def number_of(request: Request, name: str) -> int:
    """A header that must be a count of bytes."""
    said = request.headers.get(name, "")
    if not (said.isascii() and said.isdecimal() and len(said) < 20):
        raise HTTPException(400, f"Send {name}: a whole number of bytes.")
    return int(said)
