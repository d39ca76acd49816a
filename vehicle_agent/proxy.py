"""Through which proxy the gateway is reached."""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import urlsplit

_LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}


def proxy_for(url: str) -> Literal[True] | None:
    """As `websockets` takes it: the one that the environment names, or none on this computer."""
    return None if urlsplit(url).hostname in _LOOPBACK else True
