"""The journal on disks that are full, read-only, damaged: it goes on, says so, and writes again when it can."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.small_disk import SmallDisk, small_disk
from tests.unit.vehicle_agent.parts import LIMIT_BYTES, fill, status
from vehicle_agent.journal import Journal
from vehicle_agent.journal_file import Row, Transaction, put_rows
from vehicle_agent.troubles import TroubleCode

__all__ = ["small_disk"]
LIMIT = 4_000_000


def seqs(journal: Journal) -> list[int]:
    """The numbers of all that waits."""
    return [row.seq for row in journal.after(0, 1_000_000)]


def left_by_a_kill(path: Path, work: Callable[[Journal], object]) -> None:
    """A journal whose agent was killed right after `work`: its log is not folded back."""
    child = os.fork()
    if child == 0:
        work(Journal(path, LIMIT))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert path.with_name(f"{path.name}-wal").stat().st_size > 0


def test_a_disk_that_fills_up(small_disk: SmallDisk) -> None:
    """Messages, notes and forgetting go on from memory, under a trouble; with room again all of it is in the file."""
    path = small_disk.path / "j"
    journal = Journal(path, LIMIT)
    fill(journal, 10)
    small_disk.fill()
    fill(journal, 400)
    journal.remember("state", b"newest")
    assert TroubleCode.JOURNAL_MEMORY in journal.troubles
    journal.forget(50)
    assert seqs(journal) == list(range(51, 411))
    assert journal.waiting() == 360
    assert journal.recall("state") == b"newest"
    journal.mend()
    assert TroubleCode.JOURNAL_MEMORY in journal.troubles
    small_disk.free()
    journal.mend()
    assert journal.troubles.codes() == []
    assert journal.waiting() == 360
    journal.close()
    again = Journal(path, LIMIT)
    assert (seqs(again), again.boot) == (list(range(51, 411)), journal.boot)
    assert again.recall("state") == b"newest"
    again.close()


def test_a_disk_that_is_full_at_the_start(small_disk: SmallDisk) -> None:
    """The agent starts, with all that waits, its numbers and its boot; later everything is in the file again."""
    path = small_disk.path / "j"
    left_by_a_kill(path, lambda journal: fill(journal, 20))
    small_disk.fill()
    journal = Journal(path, LIMIT)
    assert seqs(journal) == list(range(1, 21))
    fill(journal, 30, status)
    assert TroubleCode.JOURNAL_MEMORY in journal.troubles
    journal.forget(5)
    small_disk.free()
    journal.mend()
    assert journal.troubles.codes() == []
    assert journal.append(status) == 51
    journal.close()
    again = Journal(path, LIMIT)
    assert (seqs(again), again.boot) == (list(range(6, 52)), journal.boot)
    again.close()


@pytest.mark.parametrize("before", [0, 20])
def test_a_disk_that_is_read_only_at_the_start(small_disk: SmallDisk, before: int) -> None:
    """With a journal on it, which is read with its log, or without; written when the disk is writable again."""
    path = small_disk.path / "j"
    if before:
        left_by_a_kill(path, lambda journal: fill(journal, before))
    small_disk.readonly(True)
    journal = Journal(path, LIMIT)
    assert TroubleCode.JOURNAL_READONLY in journal.troubles
    assert seqs(journal) == list(range(1, before + 1))
    assert journal.append(status) == before + 1
    journal.mend()
    assert TroubleCode.JOURNAL_READONLY in journal.troubles
    small_disk.readonly(False)
    journal.mend()
    assert journal.troubles.codes() == []
    journal.close()
    again = Journal(path, LIMIT)
    assert (seqs(again), again.boot) == (list(range(1, before + 2)), journal.boot)
    assert again.append(status) == before + 2
    again.close()


def test_a_disk_that_turns_read_only(tmp_path: Path) -> None:
    """Writing refused at run time: from memory, nothing forgotten twice, and on again."""
    journal = Journal(tmp_path / "j", LIMIT)
    fill(journal, 10)
    journal._database.execute("PRAGMA query_only = 1")  # SQLite then answers as on a read-only disk
    fill(journal, 10)
    journal.forget(15)
    assert (seqs(journal), journal.waiting()) == ([16, 17, 18, 19, 20], 5)
    assert len(journal.troubles.codes()) == 1
    journal._database.execute("PRAGMA query_only = 0")
    journal.mend()
    assert journal.troubles.codes() == []
    assert (seqs(journal), journal.waiting()) == ([16, 17, 18, 19, 20], 5)
    journal.close()


def test_what_memory_cannot_hold_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where positions had to go, the trouble says so until all the rest is sent; steps never go."""
    monkeypatch.setattr("vehicle_agent.journal_rows._MEMORY_LIMIT_ROWS", 100)
    journal = Journal(tmp_path / "j", LIMIT)
    journal._database.execute("PRAGMA query_only = 1")
    steps = fill(journal, 5, status)
    fill(journal, 150)
    assert TroubleCode.JOURNAL_THINNED in journal.troubles
    assert set(steps) <= set(seqs(journal))
    journal._database.execute("PRAGMA query_only = 0")
    journal.mend()
    assert journal.troubles.codes() == ["journal_thinned"]
    journal.forget(journal.last_seq)
    assert journal.troubles.codes() == []
    journal.close()


def test_a_damaged_journal_is_said_and_kept_under_a_date(tmp_path: Path) -> None:
    """Set aside under a name with the date, the trouble names it and how much was saved."""
    path = tmp_path / "j"
    journal = Journal(path, LIMIT_BYTES)
    fill(journal, 2000)
    journal.close()
    raw = bytearray(path.read_bytes())
    raw[8192 : 8192 + 4096] = b"\xff" * 4096
    path.write_bytes(raw)
    again = Journal(path, LIMIT_BYTES)
    (aside,) = tmp_path.glob("j.damaged-20*Z-*")
    (trouble,) = again.troubles.as_json()
    assert trouble["code"] == "journal_damaged"
    assert aside.name in trouble["detail"]
    assert f"{len(seqs(again))} messages saved" in trouble["detail"]
    again.close()


def test_a_big_journal_is_read_through_at_each_start(tmp_path: Path) -> None:
    """Damage in a note of a file of 24 MB that was closed in order is found at the next start, and set aside once."""
    path = tmp_path / "j"
    journal = Journal(path, LIMIT_BYTES)
    journal.remember("state", b"U" * 9000)
    pad = b"x" * 3000
    rows = [Row(seq, "fix", b'{"type":"fix","seq":%d,"pad":"%s"}' % (seq, pad)) for seq in range(1, 6001)]
    with Transaction(journal._database):
        put_rows(journal._database, rows)
    journal.forget(6000)
    journal.close()
    raw = bytearray(path.read_bytes())
    assert len(raw) > 16_000_000
    for page in range(0, len(raw), 4096):
        if raw[page + 100 : page + 200] == b"U" * 100:
            raw[page : page + 4] = b"\xff" * 4
    path.write_bytes(raw)
    for codes in (["journal_damaged"], []):
        again = Journal(path, LIMIT_BYTES)
        assert again.recall("state") is None
        assert again.troubles.codes() == codes
        assert again.append(status) > 6000
        again.close()


def rot(journal: Journal, path: Path, first_page: int) -> None:
    """The rest of the file is destroyed under the running agent."""
    # SQLite must go to the file again, not to what it remembers.
    journal._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    journal._database.execute("PRAGMA cache_size = 1")
    journal._database.execute("PRAGMA shrink_memory")
    with path.open("r+b") as file:
        file.seek(4096 * first_page)
        file.write(b"\xff" * (path.stat().st_size - 4096 * first_page))


def test_notes_outlive_a_damaged_journal(tmp_path: Path) -> None:
    """What the agent noted is saved out of a damaged file at the start, but for the boot's name; where the file rots
    under it, what it has in memory is written into the new one."""
    path = tmp_path / "j"
    journal = Journal(path, LIMIT_BYTES)
    fill(journal, 2000)
    for key in ("state", "presses"):
        journal.remember(key, key.encode())
    journal.close()
    with path.open("r+b") as file:
        file.seek(4096 * 12)
        file.write(b"\xff" * 4096)
    again = Journal(path, LIMIT_BYTES)
    assert again.boot != journal.boot
    assert [again.recall(key) for key in ("state", "presses")] == [b"state", b"presses"]
    again.remember("state", b"newer")
    rot(again, path, 2)
    assert again.append(status) == 2001
    assert [again.recall(key) for key in ("state", "presses")] == [b"newer", b"presses"]
    again.close()
    last = Journal(path, LIMIT_BYTES)
    assert [last.recall(key) for key in ("state", "presses")] == [b"newer", b"presses"]
    last.close()


def test_a_note_on_a_rotten_page_does_not_end_the_agent(tmp_path: Path) -> None:
    """Asked for while the file rots: no note, a new file, and on."""
    path = tmp_path / "j"
    journal = Journal(path, LIMIT_BYTES)
    journal._database.execute("INSERT INTO notes (key, value) VALUES ('big', ?)", (b"U" * 20_000,))
    fill(journal, 500)
    rot(journal, path, 2)
    assert journal.recall("big") is None
    assert journal.troubles.codes() == ["journal_damaged"]
    assert journal.append(status) > 0
    journal.close()


@pytest.mark.parametrize("boot", [b"\xff" * 36, b"0b9dc4a9m7e0f-4f6e-8d9c-0a1b2c3d4e5f", b"", b"{}"])
def test_a_boot_with_a_flipped_bit_is_replaced(tmp_path: Path, boot: bytes) -> None:
    """The gateway would refuse a name that is no UUID for ever: a new one, and all that waits goes on under it."""
    path = tmp_path / "j"
    journal = Journal(path, LIMIT_BYTES)
    fill(journal, 3)
    journal.remember("boot", boot)
    journal.close()
    again = Journal(path, LIMIT_BYTES)
    assert uuid.UUID(again.boot).version == 4
    assert seqs(again) == [1, 2, 3]
    again.close()


def test_messages_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    """Each once, however often it is come across, whatever part of it was hit; the others are sent."""
    path = tmp_path / "j"
    journal = Journal(path, LIMIT_BYTES)
    fill(journal, 10)
    journal._database.execute("UPDATE messages SET body = x'7b22' WHERE seq = 2")
    journal._database.execute("UPDATE messages SET kind = CAST(x'ff66' AS TEXT) WHERE seq = 5")
    for _ in range(2):
        assert seqs(journal) == [1, 3, 4, 6, 7, 8, 9, 10]
        (trouble,) = journal.troubles.as_json()
        assert (trouble["code"], trouble["detail"]) == ("journal_damaged", "2 messages unreadable")
    journal.close()


def test_looking_at_a_refused_message_hands_nothing_out(tmp_path: Path) -> None:
    """A `rejected` for a number that never left the car must not count as if it had."""
    journal = Journal(tmp_path / "j", LIMIT_BYTES)
    fill(journal, 5)
    journal.after(0, 2)
    dropped = journal.drop(4)
    assert dropped is not None
    assert (dropped.seq, journal.handed_out) == (4, 2)
    journal.close()


def test_a_disk_that_refuses_is_asked_with_one_message(tmp_path: Path) -> None:
    """Not with all that waits, again and again."""
    journal = Journal(tmp_path / "j", LIMIT)
    journal._database.execute("PRAGMA query_only = 1")
    fill(journal, 300)
    asked: list[int] = []
    write = journal._write

    def counted(count: int) -> None:
        asked.append(count)
        write(count)

    journal._write = counted  # type: ignore[method-assign]
    fill(journal, 2)
    assert asked == [1, 1]
    journal._database.execute("PRAGMA query_only = 0")
    journal.mend()
    assert asked == [1, 1, 1, 301]
    assert seqs(journal) == list(range(1, 303))
    journal.close()


def test_a_change_that_the_disk_refuses_is_sent_all_the_same(tmp_path: Path) -> None:
    """Handed out as changed from the first moment, written when the disk takes it."""
    path = tmp_path / "j"
    journal = Journal(path, LIMIT)
    fill(journal, 3, status)
    journal._database.execute("PRAGMA query_only = 1")
    journal.append(status)
    changes = {seq: lambda body: body.replace(b"en_route", b"declined") for seq in (2, 4, 9)}
    assert not journal.amend(changes)
    assert [b"declined" in row.body for row in journal.after(0, 9)] == [False, True, False, True]
    journal._database.execute("PRAGMA query_only = 0")
    journal.mend()
    assert journal.amend(changes)
    journal.close()
    again = Journal(path, LIMIT)
    assert [b"declined" in row.body for row in again.after(0, 9)] == [False, True, False, True]
    again.close()
