"""A recording's life on this side: told by the car, uploaded, checked, kept or set apart, deleted. Pure."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from dispatch.domain.refusals import Invalid

_UNSAFE: Final = re.compile(r"[^\w.-]+")
_NAME_LIMIT_BYTES: Final = 100
"""Two of them and a number make a name of an export, and a file's name may have 255 bytes."""
PLAYABLE: Final = re.compile(r"(video|audio)/[\w.+-]+|image/(jpeg|png)")
"""What a browser may show in place; anything else is only saved, since a page must not run what a car named."""


class RecordingState(StrEnum):
    """Where the file is."""

    IN_CAR = "in_car"
    UPLOADING = "uploading"
    RECEIVED = "received"
    VERIFIED = "verified"
    QUARANTINED = "quarantined"
    DELETED = "deleted"
    LOST = "lost"
    """Neither the car has it, by its own word or as far as we know, nor we. Should it turn up, it is taken."""


MAY_BEGIN_UPLOAD: Final = frozenset({RecordingState.IN_CAR, RecordingState.QUARANTINED, RecordingState.LOST})


def check_times(started_ms: int, ended_ms: int) -> None:
    """Raises Invalid where a recording ends before it begins."""
    if ended_ms < started_ms:
        raise Invalid("lies before started_ms", member="ended_ms")


def shown_type(media_type: str | None) -> str:
    """The media type to serve it with."""
    return media_type if media_type and PLAYABLE.fullmatch(media_type) else "application/octet-stream"


def safe_name(name: str) -> str:
    """A file's name without anything that a path or a shell reads; its end, where it is long."""
    end = _UNSAFE.sub("_", name).encode()[-_NAME_LIMIT_BYTES:].decode(errors="ignore")
    return end.lstrip(".-") or "recording"


def export_name(number: int, unit: str, name: str) -> str:
    """The name of one file of an export: unique by its number, and says whose it is."""
    return f"{number:03d}_{safe_name(unit)}_{safe_name(name)}"
