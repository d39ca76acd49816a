"""The journal that began in memory comes home to its file: nothing twice, nothing lost, whenever it is killed."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.protocol import Sos
from tests.unit.vehicle_agent.parts import LIMIT_BYTES, fill, status
from tests.unit.vehicle_agent.test_clock_kills import Disk, Killed
from tests.unit.vehicle_agent.test_journal_disks import rot
from vehicle_agent import journal_disk, journal_memory, journal_salvage
from vehicle_agent.errors import JournalDiskError
from vehicle_agent.journal import Journal

READ_ONLY = OSError(30, "Read-only file system")


def press(journal: Journal, time_ms: int) -> int:
    """An SOS that is known by its time."""
    return journal.append(lambda seq: Sos(seq=seq, time_ms=time_ms, active=True))


def held(journal: Journal) -> dict[int, int]:
    """Number and time of all that waits; each number once."""
    rows = [msgspec.json.decode(row.body) for row in journal.after(0, 1_000_000)]
    told = {row["seq"]: row["time_ms"] for row in rows}
    assert len(told) == len(rows) == journal.waiting()
    return told


def old_journal(path: Path, times: range) -> str:
    """A journal with these presses, and a note; its boot."""
    journal = Journal(path, LIMIT_BYTES)
    for time_ms in times:
        press(journal, time_ms)
    journal.remember("old", b"1")
    journal.close()
    return journal.boot


def without_disk(path: Path, monkeypatch: pytest.MonkeyPatch, unread: bool) -> Journal:
    """The agent started while the disk takes nothing; `unread`: and could not even be read."""
    hidden = path.with_name("hidden")

    def refuse(*_: object) -> None:
        raise JournalDiskError("no")

    with monkeypatch.context() as patch:
        patch.setattr(journal_disk, "open_file", refuse)
        if unread:
            path.rename(hidden)
        journal = Journal(path, LIMIT_BYTES)
        if unread:
            hidden.rename(path)
    return journal


@pytest.mark.parametrize("unread", [True, False])
def test_what_is_pressed_after_coming_home_has_numbers_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unread: bool
) -> None:
    """What lay in the file goes on behind what was pressed meanwhile (in front, where it could be read); each later
    press follows, and all of it is still there after a restart, with the notes."""
    path = tmp_path / "j"
    old_journal(path, range(3))
    journal = without_disk(path, monkeypatch, unread)
    for time_ms in (100, 101):
        press(journal, time_ms)
    journal.mend()
    for time_ms in (200, 201):
        press(journal, time_ms)
    times = [100, 101, 0, 1, 2, 200, 201] if unread else [0, 1, 2, 100, 101, 200, 201]
    assert held(journal) == dict(enumerate(times, start=1))
    assert journal.recall("old") == b"1"
    assert journal.troubles.codes() == []
    boot = journal.boot
    journal.close()
    again = Journal(path, LIMIT_BYTES)
    assert (held(again), again.boot, again.last_seq) == (dict(enumerate(times, start=1)), boot, 7)
    again.close()


def full_after(statements: int, stop: type[BaseException]) -> Callable[[sqlite3.Connection], Any]:
    """A file that takes so many statements more."""

    class Full(Disk):
        def _counted(self, carry_out: Any) -> Any:
            def counted(*arguments: Any) -> Any:
                if "ROLLBACK" not in arguments[0]:
                    if self.left == 0:
                        raise stop("database or disk is full")
                    self.left = (self.left or 0) - 1
                return carry_out(*arguments)

            return counted

    def wrap(database: sqlite3.Connection) -> Any:
        disk = Full(database)
        disk.left = statements
        return disk

    return wrap


@pytest.mark.parametrize("unread", [True, False])
@pytest.mark.parametrize("stop", [sqlite3.OperationalError, Killed])
def test_a_disk_that_fills_or_a_kill_on_the_way_home_doubles_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unread: bool, stop: type[BaseException]
) -> None:
    """After any number of statements on the file: what is in memory is as before, however often it is tried; what was
    in the file is still in it; and then it comes home whole."""
    statements = done = 0
    real = journal_salvage.open_file
    while not done:
        path = tmp_path / f"j{statements}"
        boot = old_journal(path, range(5))
        journal = without_disk(path, monkeypatch, unread)
        press(journal, 100)
        before = held(journal)
        wrap = full_after(statements, stop)

        def failing(*arguments: Any, wrap: Callable[[sqlite3.Connection], Any] = wrap) -> journal_salvage.Opened:
            opened = real(*arguments)
            return journal_salvage.Opened(wrap(opened.database), opened.set_aside)

        with monkeypatch.context() as patch:
            patch.setattr(journal_memory, "open_file", failing)
            for _ in range(3):
                try:
                    journal.mend()
                except Killed:
                    assert stop is Killed
                if journal._memory is not None:
                    assert held(journal) == before
        done = journal._memory is None
        if stop is Killed:
            journal._database.close()
            again = Journal(path, LIMIT_BYTES)
            assert set(range(5)) <= set(held(again).values())
            assert done or again.boot == boot
            again.close()
        elif not done:
            journal.mend(at_once=True)
            assert sorted(held(journal).values()) == [0, 1, 2, 3, 4, 100]
            journal.close()
        statements += 1
    assert statements > 5


def damaged(path: Path) -> set[int]:
    """A journal with a log beside it and a destroyed page; its numbers."""
    journal = Journal(path, LIMIT_BYTES)
    fill(journal, 2000, status)
    journal.remember("note", b"kept")
    journal.close()
    child = os.fork()
    if child == 0:
        fill(Journal(path, LIMIT_BYTES), 50, status)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert path.with_name(f"{path.name}-wal").exists()
    with path.open("r+b") as raw:
        raw.seek(4096 * 12)
        raw.write(b"\xff" * 4096)
    return set(range(1, 2051))


def test_a_damaged_file_on_a_read_only_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot be set aside: what can be read goes on from memory, and that is said; on a writable disk all of it is
    in a new file, once, and later presses have numbers of their own."""
    path = tmp_path / "j"
    numbers = damaged(path)

    def refuse(*_: object) -> None:
        raise READ_ONLY

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        journal = Journal(path, LIMIT_BYTES)
        assert set(journal.troubles.codes()) == {"journal_damaged", "journal_memory"}
        assert journal.recall("note") == b"kept"
        saved = set(held(journal))
        assert {1, 2050} <= saved <= numbers
        assert journal.append(status) == 2051
        journal.mend()
        assert set(held(journal)) == {*saved, 2051}
    journal.mend()
    assert journal.append(status) == 2052
    assert set(held(journal)) == {*saved, 2051, 2052}
    assert journal.troubles.codes() == ["journal_damaged"]
    journal.close()
    again = Journal(path, LIMIT_BYTES)
    assert (set(held(again)), again.boot, again.recall("note")) == ({*saved, 2051, 2052}, journal.boot, b"kept")
    again.close()


def test_a_kill_while_a_damaged_file_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before each renaming: what can be saved is there at the next start, with the notes, once."""
    renamings, over = 0, False
    real = Path.rename
    while not over:
        folder = tmp_path / str(renamings)
        folder.mkdir()
        path = folder / "j"
        damaged(path)
        left = [renamings]

        def rename(old: Path, new: Path, left: list[int] = left) -> Path:
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return real(old, new)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", rename)
            try:
                Journal(path, LIMIT_BYTES).close()
                over = True
            except Killed:
                pass
        again = Journal(path, LIMIT_BYTES)
        saved = set(held(again))
        assert {1, 2050} <= saved, renamings
        assert len(saved) > 1500
        assert (again.recall("note"), again.append(status)) == (b"kept", 2051)
        assert over or again.troubles.codes() == ["journal_damaged"]
        again.close()
        assert len([p for p in folder.glob("j.damaged-*") if "wal" not in p.name]) == 1
        renamings += 1
    assert renamings > 3


def test_only_the_newest_damaged_files_are_kept(tmp_path: Path) -> None:
    """A card that rots again and again does not fill itself with what was set aside: two are left, with their logs."""
    path = tmp_path / "j"
    for _ in range(4):
        journal = Journal(path, LIMIT_BYTES)
        journal._start_over("rotten")
        journal.close()
    last = [p.name for p in tmp_path.glob("j.damaged-*")]
    assert len(last) == 2
    journal = Journal(path, LIMIT_BYTES)
    journal._start_over("rotten")
    journal.close()
    kept = [p.name for p in tmp_path.glob("j.damaged-*")]
    assert len(kept) == 2
    assert len(set(kept) - set(last)) == 1


def test_home_is_tried_ever_more_rarely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the tries every five seconds: at once, again, and in the end one a minute; at the end of the agent anyway."""
    journal = without_disk(tmp_path / "j", monkeypatch, unread=False)
    tries: list[int] = []
    now = [0]

    def refuse(*_: object) -> None:
        tries.append(now[0])
        raise JournalDiskError("no")

    with monkeypatch.context() as patch:
        patch.setattr(journal_disk, "go_home", refuse)
        for look in range(60):
            now[0] = look
            journal.mend()
        assert tries[:3] == [0, 1, 3]
        assert 12 >= tries[-1] - tries[-2] >= 10
    journal.close()
    assert (tmp_path / "j").exists()


def test_a_card_that_rots_and_takes_no_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Damage under the running agent on a disk that is read-only since: on from memory under a new name, the message at
    hand and the notes kept; home when the disk can be written, nothing twice."""
    path = tmp_path / "j"
    journal = Journal(path, LIMIT_BYTES)
    fill(journal, 2000, status)
    journal.remember("note", b"kept")
    boot = journal.boot

    def refuse(*_: object) -> None:
        raise READ_ONLY

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        rot(journal, path, 20)
        assert journal.append(status) == 2001
        assert held(journal).keys() >= {1, 2001}
        assert journal.boot != boot
        assert {"journal_damaged", "journal_memory"} <= set(journal.troubles.codes())
        saved = held(journal)
    journal.mend()
    assert held(journal) == saved
    assert "journal_memory" not in journal.troubles
    new = journal.boot
    journal.close()
    again = Journal(path, LIMIT_BYTES)
    assert (held(again), again.boot, again.recall("note")) == (saved, new, b"kept")
    assert again.append(status) == 2002
    again.close()
