"""The journal on disks that are full, read-only, damaged: it goes on, says so, and writes again when it can."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.small_disk import SmallDisk, small_disk
from tests.unit.vehicle_agent.parts import LIMIT_BYTES, fill, status
from vehicle_agent import journal_file
from vehicle_agent.journal import Journal
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
    monkeypatch.setattr("vehicle_agent.journal._MEMORY_LIMIT_ROWS", 100)
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


def test_a_big_journal_that_was_closed_is_not_read_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an orderly end a big file opens unread, damage in it being found on use; after a kill it is read through;
    a small one always is."""
    path = tmp_path / "j"

    def damaged(closed: bool, big_pages: int) -> list[str]:
        for file in tmp_path.glob("j*"):
            file.unlink()
        monkeypatch.setattr(journal_file, "_BIG_PAGES", big_pages)
        if closed:
            journal = Journal(path, LIMIT_BYTES)
            fill(journal, 2000)
            journal.close()
        else:
            left_by_a_kill(path, lambda journal: fill(journal, 2000))
        # A damaged page somewhere in the middle of the file.
        with path.open("r+b") as raw:
            raw.seek(4096 * 12)
            raw.write(b"\xff" * 4096)
        path.with_name("j-wal").unlink(missing_ok=True)
        again = Journal(path, LIMIT_BYTES)
        codes = again.troubles.codes()
        seqs(again)
        assert again.troubles.codes() == ["journal_damaged"]
        again.close()
        return codes

    assert damaged(closed=True, big_pages=10) == []
    assert damaged(closed=True, big_pages=10_000) == ["journal_damaged"]
    assert damaged(closed=False, big_pages=10) == ["journal_damaged"]
