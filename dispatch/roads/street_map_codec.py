"""A street map as bytes: a mark, a digest, and a compressed numpy archive without pickled objects.

The digest comes first, so that any changed or missing byte is found before a single array is built.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import asdict, fields
from typing import Any, Final

import msgspec
import numpy as np

from dispatch.roads.refusal import MapRefused
from dispatch.roads.street_map import MapInfo, StreetMap

_MARK: Final = b"patrol streets 1\n"
_TEXT: Final = "text"  # member that holds everything which is no array, as JSON
_REMEDY: Final = "import the streets again with `patrol map import`"


def encode(street_map: StreetMap) -> bytes:
    """The map as bytes."""
    arrays = {name: value for name, value in vars(street_map).items() if isinstance(value, np.ndarray)}
    arrays = {field.name: arrays[field.name] for field in fields(street_map) if field.name in arrays}
    text = msgspec.json.encode({"info": asdict(street_map.info), "names": street_map.names})
    archive = io.BytesIO()
    np.savez_compressed(archive, allow_pickle=False, **arrays, **{_TEXT: np.frombuffer(text, np.uint8)})
    payload = archive.getvalue()
    return _MARK + hashlib.sha256(payload).digest() + payload


def decode(stored: bytes) -> StreetMap:
    """The map that was encoded. Raises MapRefused."""
    digest_end = len(_MARK) + hashlib.sha256().digest_size
    if not stored.startswith(_MARK):
        raise MapRefused("stored street map", "these bytes are no street map of this version", _REMEDY)
    if hashlib.sha256(stored[digest_end:]).digest() != stored[len(_MARK) : digest_end]:
        raise MapRefused("stored street map", "the bytes are damaged or incomplete", _REMEDY)
    with np.load(io.BytesIO(stored[digest_end:]), allow_pickle=False) as archive:
        members: dict[str, Any] = {name: archive[name] for name in archive.files}
    text = msgspec.json.decode(members.pop(_TEXT).tobytes())
    info = msgspec.convert(text["info"], MapInfo)
    return StreetMap(info=info, names=tuple(text["names"]), **members)
