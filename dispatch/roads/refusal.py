"""Why a file or a stored map cannot be taken as streets; whoever holds a good map keeps it."""

from __future__ import annotations

from dispatch.domain.refusals import Refused


class MapRefused(Refused):
    """A street map is refused whole. `str()` is one sentence: which file, why, what to do."""

    code = "map_refused"

    def __init__(self, source: str, reason: str, remedy: str) -> None:
        self.source = source
        self.reason = reason
        self.remedy = remedy
        super().__init__(f"{source}: {reason}; {remedy}.")
