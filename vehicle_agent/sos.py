"""The crew's call for help as the car keeps it: whether it is on, and what the desk has said of it."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from gateway.protocol import Notice

SEEN: Final = "sos_acknowledged"
RESOLVED: Final = "sos_resolved"


class KeptSos(Struct, kw_only=True):
    """`sos_seen`: a dispatcher has seen it. `sos_seq`: number of the newest call in this journal."""

    sos_active: bool = False
    sos_seen: bool = False
    sos_seq: int = 0

    def call(self, active: bool, seq: int) -> None:
        """The crew's own word, under this number. A repeated call keeps what the desk has said of the first."""
        self.sos_seen = active and self.sos_active and self.sos_seen
        self.sos_active = active
        if active:
            self.sos_seq = seq

    def hear(self, notice: Notice, boot: str) -> bool:
        """The desk's word, in a car with this journal; True where it changed something. A later call stands."""
        if not self.sos_active or notice.code not in {SEEN, RESOLVED}:
            return False
        if (notice.boot or "").lower() != boot.lower() or (notice.seq or 0) < self.sos_seq:
            return False
        self.sos_seen = notice.code == SEEN
        self.sos_active = notice.code != RESOLVED
        return True
