"""The journal's file: locking, damage, full disks, thinning."""

from __future__ import annotations

import itertools
import sqlite3
from pathlib import Path

import pytest

from gateway.protocol import Camera
from tests.unit.vehicle_agent.parts import LIMIT_BYTES, START_MS, fill, fix, status
from vehicle_agent.errors import JournalError, JournalInUseError
from vehicle_agent.journal import Journal

SMALL_LIMIT_BYTES = 400_000


def seqs(journal: Journal) -> list[int]:
    """The numbers of all that waits."""
    return [row.seq for row in journal.after(0, 1_000_000)]


def test_numbers_are_never_given_again(tmp_path: Path) -> None:
    """Not after all was forgotten, nor after a restart with an empty journal."""
    journal = Journal(tmp_path / "j", LIMIT_BYTES)
    fill(journal, 3)
    journal.forget(3)
    journal.close()
    again = Journal(tmp_path / "j", LIMIT_BYTES)
    assert again.waiting() == 0
    assert again.append(fix) == 4
    assert again.boot == journal.boot
    again.close()


def test_a_second_agent_is_refused_by_name(tmp_path: Path) -> None:
    """Two agents on one journal would give one number to two messages."""
    journal = Journal(tmp_path / "j", LIMIT_BYTES)
    with pytest.raises(JournalInUseError, match="another agent uses the journal"):
        Journal(tmp_path / "j", LIMIT_BYTES)
    journal.close()
    Journal(tmp_path / "j", LIMIT_BYTES).close()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """The line says what cannot be used and how to mend it."""
    with pytest.raises(JournalError, match=r"nowhere.*--journal"):
        Journal(tmp_path / "nowhere" / "j", LIMIT_BYTES)


def test_someone_elses_database_is_left_alone(tmp_path: Path) -> None:
    """A wrong --journal must not write into, or rename, another program's database."""
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    with pytest.raises(JournalError, match="something else"):
        Journal(path, LIMIT_BYTES)
    assert path.exists()


def test_a_file_that_is_no_journal_is_set_aside(tmp_path: Path) -> None:
    """A destroyed header is not fatal: the file is kept under another name and a new boot begins."""
    path = tmp_path / "j"
    path.write_bytes(b"\x00\xff" * 5000)
    journal = Journal(path, LIMIT_BYTES)
    assert journal.append(fix) == 1
    assert [p.read_bytes()[:2] for p in tmp_path.glob("j.damaged-*")] == [b"\x00\xff"]
    journal.close()


def test_what_a_damaged_journal_still_holds_is_saved(tmp_path: Path) -> None:
    """Steps on readable pages go over into the new journal with their numbers, under a new boot."""
    path = tmp_path / "j"
    journal = Journal(path, LIMIT_BYTES)
    journal.append(status)
    fill(journal, 2000)
    journal.append(status)
    journal.close()
    raw = bytearray(path.read_bytes())
    middle = len(raw) // 2 // 4096 * 4096
    raw[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(raw)
    again = Journal(path, LIMIT_BYTES)
    saved = seqs(again)
    assert {1, 2002} <= set(saved)
    assert saved == sorted(saved)
    assert again.boot != journal.boot
    assert again.append(fix) == 2003
    again.close()


def test_damage_while_running_begins_a_new_boot(tmp_path: Path) -> None:
    """A card that rots under the running agent costs a new boot, not the agent, and not the message at hand."""
    path = tmp_path / "j"
    journal = Journal(path, LIMIT_BYTES)
    boot = journal.boot
    fill(journal, 3000)
    # SQLite must go to the file again, not to what it remembers.
    journal._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    journal._database.execute("PRAGMA cache_size = 1")
    journal._database.execute("PRAGMA shrink_memory")
    with path.open("r+b") as file:
        file.seek(4096 * 20)
        file.write(b"\xff" * (path.stat().st_size - 4096 * 20))
    assert journal.append(status) == 3001
    assert seqs(journal) != []
    saved = seqs(journal)
    assert {1, 3001} <= set(saved)
    assert journal.boot != boot
    assert journal.append(status) == 3002
    journal.close()


def test_a_flipped_bit_in_one_message_stops_no_other(tmp_path: Path) -> None:
    """A row whose content is no longer its message is not sent; what follows is."""
    path = tmp_path / "j"
    journal = Journal(path, LIMIT_BYTES)
    fill(journal, 5)
    journal.close()
    database = sqlite3.connect(path)
    database.execute("UPDATE messages SET body = x'7b22' WHERE seq <= 2")
    database.commit()
    database.close()
    again = Journal(path, LIMIT_BYTES)
    assert seqs(again) == [3, 4, 5]
    assert [row.seq for row in again.after(0, 2)] == [3, 4]
    again.close()


def test_a_disk_that_refuses_costs_nothing_but_durability(tmp_path: Path) -> None:
    """Messages are numbered and handed out from memory, and written once the disk takes them again."""
    path = tmp_path / "j"
    journal = Journal(path, LIMIT_BYTES)
    fill(journal, 2)
    # A page limit makes SQLite answer "database or disk is full", as a full disk does.
    (pages,) = journal._database.execute("PRAGMA page_count").fetchone()
    journal._database.execute(f"PRAGMA max_page_count = {pages}")
    fill(journal, 200)
    assert journal.append(status) == 203
    assert seqs(journal) == list(range(1, 204))
    assert journal.waiting() == 203
    journal.forget(100)
    assert seqs(journal) == list(range(101, 204))
    journal._database.execute("PRAGMA max_page_count = 1000000")
    journal.write_waiting()
    journal.close()
    again = Journal(path, LIMIT_BYTES)
    assert seqs(again) == list(range(101, 204))
    assert again.last_seq == 203
    again.close()


def test_thinning_keeps_a_coarse_track_and_every_step(tmp_path: Path) -> None:
    """The file stays within its limit; old fixes get sparser, new ones stay whole, and steps stay all."""
    path = tmp_path / "j"
    journal = Journal(path, SMALL_LIMIT_BYTES)
    steps = []
    for _ in range(40):
        fill(journal, 100)
        steps.append(journal.append(status))
    kept = seqs(journal)
    on_disk = sum(file.stat().st_size for file in tmp_path.iterdir())
    assert on_disk <= SMALL_LIMIT_BYTES
    assert set(steps) <= set(kept)
    fixes = [seq for seq in kept if seq not in steps]
    assert len(fixes) < 3_000
    oldest, newest = fixes[:20], fixes[-20:]
    assert newest[-1] - newest[0] < 30
    assert oldest[-1] - oldest[0] > 60
    gaps = [after - before for before, after in itertools.pairwise(fixes)]
    assert max(gaps) < 4_000 / 10
    journal.close()


def test_camera_states_go_only_when_no_fix_is_left_to_thin(tmp_path: Path) -> None:
    """Camera states follow after fixes; with neither left, the journal outgrows its limit and keeps the steps."""
    journal = Journal(tmp_path / "j", SMALL_LIMIT_BYTES)
    cameras = [
        journal.append(lambda seq: Camera(seq=seq, time_ms=START_MS, camera_id="c1", state="recording"))
        for _ in range(50)
    ]
    fill(journal, 4_000)
    assert set(cameras) <= set(seqs(journal))
    steps = fill(journal, 4_000, status)
    kept = set(seqs(journal))
    assert set(steps) <= kept
    assert 0 < len(set(cameras) & kept) < 50
    journal.close()


def test_notes_survive_a_restart(tmp_path: Path) -> None:
    """What the agent notes for itself is there after a restart, the newest value."""
    journal = Journal(tmp_path / "j", LIMIT_BYTES)
    journal.remember("k", b"1")
    journal.remember("k", b"2")
    journal.close()
    again = Journal(tmp_path / "j", LIMIT_BYTES)
    assert (again.recall("k"), again.recall("other")) == (b"2", None)
    again.close()
