"""What one commit will write: each message once, late fixes never live, gone devices left out."""

from __future__ import annotations

from uuid import UUID

from gateway.batch import Parcel, plan
from gateway.parsing import Refusal
from gateway.protocol import Fix, RejectedCode, Sos
from gateway.session import Entry

DEVICE, UNIT, BOOT = UUID(int=1), UUID(int=2), UUID(int=3)


def fix(seq: int, time_ms: int) -> Fix:
    return Fix(seq=seq, time_ms=time_ms, lat=1.0, lon=2.0)


def parcel(*entries: Entry, device: UUID = DEVICE) -> Parcel:
    return Parcel(device, UNIT, BOOT, entries, 99, lambda seq, refused: None)


def test_each_seq_once_across_parcels() -> None:
    """Two connections of one journal may hold the same messages: the first in the batch counts."""
    first, second = parcel(fix(1, 10), fix(2, 20)), parcel(fix(2, 21), Sos(seq=3, time_ms=30, active=True))
    result = plan([first, second], {(DEVICE, BOOT): 0}, {})
    assert [row.fix.time_ms for row in result.fixes] == [10, 20]
    assert [entry.seq for _, entry in result.messages] == [3]
    assert result.high_water == {(DEVICE, BOOT): 3}


def test_what_is_held_is_dropped() -> None:
    """At or below the high-water mark nothing is written again."""
    result = plan([parcel(fix(4, 10), fix(5, 20))], {(DEVICE, BOOT): 4}, {})
    assert [row.fix.seq for row in result.fixes] == [5]


def test_late_fixes_are_not_live() -> None:
    """A fix is live only if it is newer than the newest of its unit, held or before it in the batch."""
    entries = [fix(seq, time_ms) for seq, time_ms in enumerate([50, 51, 40, 51, 60], start=1)]
    result = plan([parcel(*entries)], {(DEVICE, BOOT): 0}, {UNIT: 50})
    assert [row.live for row in result.fixes] == [False, True, False, False, True]
    assert result.positions[UNIT].fix.time_ms == 60


def test_a_gone_device_writes_nothing() -> None:
    """Without a journal row there is no device any more; nothing of it is written."""
    result = plan([parcel(fix(1, 10), device=UUID(int=9))], {}, {})
    assert (result.fixes, result.messages, result.high_water) == ([], [], {})


def test_refusals_go_to_the_inbox_even_for_fixes() -> None:
    """A refused fix is no position: it is kept beside the other messages."""
    refusal = Refusal(1, RejectedCode.BAD_MESSAGE, "lat: missing", "fix", None, "{}")
    result = plan([parcel(refusal)], {(DEVICE, BOOT): 0}, {})
    assert result.fixes == []
    assert [entry for _, entry in result.messages] == [refusal]
