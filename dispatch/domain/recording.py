"""A recording's life on this side: told by the car, uploaded, checked, kept or set apart, deleted. Pure."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from dispatch.domain.refusals import Invalid

_UNSAFE: Final = re.compile(r"[^\w.-]+")
_NAME_LIMIT: Final = 100
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


MAY_BEGIN_UPLOAD: Final = frozenset({RecordingState.IN_CAR, RecordingState.QUARANTINED})


def check_times(started_ms: int, ended_ms: int) -> None:
    """Raises Invalid where a recording ends before it begins."""
    if ended_ms < started_ms:
        raise Invalid("lies before started_ms", member="ended_ms")


def shown_type(media_type: str | None) -> str:
    """The media type to serve it with."""
    return media_type if media_type and PLAYABLE.fullmatch(media_type) else "application/octet-stream"


def safe_name(name: str) -> str:
    """A file's name without anything that a path or a shell reads."""
    return _UNSAFE.sub("_", name).lstrip(".-")[-_NAME_LIMIT:] or "recording"


def export_name(number: int, unit: str, name: str) -> str:
    """The name of one file of an export: unique by its number, and says whose it is."""
    return f"{number:03d}_{safe_name(unit)}_{safe_name(name)}"
