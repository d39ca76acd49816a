"""Uploads of a car in which something is odd: a card that is out, a bad sector, a name in no coding, no index."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from dispatch.store.recording_tables import recordings
from tests.support.car_rig import Rig, during
from tests.support.recordings import row_of, video
from vehicle_agent.errors import NoTokenError
from vehicle_agent.recording_book import MISSING, REFUSED, SPOILT, TOLD, VERIFIED, Entry
from vehicle_agent.tus import TusClient


def entries(rig: Rig) -> list[Entry]:
    """All of the book."""
    return rig.book.in_state(TOLD, VERIFIED, SPOILT, MISSING, "sent", "removed", "refused", "hashed")


def notices(rig: Rig) -> list[str]:
    """What the crew was told."""
    return [notice["text"] for notice in rig.parts.state.notices.as_json()]


async def test_a_card_that_is_out_at_the_station_is_waited_for(rig: Rig) -> None:
    """Out of its slot nothing of it is missing, whether the folder is gone or only the mount point is left; back in
    the car its files are uploaded."""
    rig.dock = rig.dock / "DCIM"
    rig.dock.mkdir()
    path = await rig.record("a.mp4", video(1000))
    uploads = rig.uploads(keep_days=0)
    rig.dock.rename(rig.dock.with_name("out"))
    await uploads._round()
    assert (rig.states(), notices(rig)) == ([TOLD], [])
    rig.dock.mkdir()
    # The bare mount point is another disk than the one on which the file was hashed.
    rig.book._database.execute("UPDATE recordings SET device = device + 1")
    await uploads._round()
    assert (rig.states(), notices(rig)) == ([TOLD], [])
    rig.dock.rmdir()
    rig.dock.with_name("out").rename(rig.dock)
    rig.book._database.execute("UPDATE recordings SET device = device - 1")
    await during(rig.uploads().run(), lambda: rig.states() == [VERIFIED])
    rig.dock.rename(rig.dock.with_name("out"))
    rig.parts.clock.pass_s(60)
    await uploads._round()
    assert rig.states() == [VERIFIED]
    rig.dock.with_name("out").rename(rig.dock)
    await uploads._round()
    assert (rig.states(), path.exists()) == (["removed"], False)


@pytest.mark.parametrize("lost", [MISSING, SPOILT])
async def test_a_lost_file_that_comes_back_is_uploaded(rig: Rig, lost: str) -> None:
    """The server is told that it is lost, and that it is there again; then it goes its way."""
    content = video(1000)
    path = await rig.record("a.mp4", content)
    told = entries(rig)[0].recording_id
    stat = path.stat()
    if lost == MISSING:
        path.unlink()
    else:
        path.write_bytes(video(1000))
    await rig.uploads()._round()
    assert rig.states() == [lost]
    await rig.carry()
    assert (await row_of(rig.server, told)).state == "lost"
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    await rig.index(path)
    assert rig.states() == [TOLD]
    assert (await row_of(rig.server, told)).state == "in_car"
    await during(rig.uploads().run(), lambda: rig.states() == [VERIFIED])


async def test_a_file_that_rotted_makes_no_second_recording(rig: Rig) -> None:
    """Size and time are those of the index, the hash is not: at the next start it is still the spoilt one."""
    path = await rig.record("a.mp4", video(1000))
    rig.book.set_state(entries(rig)[0].recording_id, SPOILT, 1)
    stat = path.stat()
    path.write_bytes(video(1000))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    await rig.index(path)
    assert rig.states() == [SPOILT]


async def test_a_bad_sector_in_the_oldest_file_holds_up_no_other(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be read is spoilt; the newer ones go."""
    bad = await rig.record("a.mp4", video(1000))
    await rig.record("b.mp4", video(1000))
    opened = Path.open

    def open_or_fail(path: Path, *args: Any, **named: Any) -> Any:
        if path == bad:
            raise OSError(errno.EIO, "Input/output error")
        return opened(path, *args, **named)

    monkeypatch.setattr(Path, "open", open_or_fail)
    await during(rig.uploads().run(), lambda: rig.states() == [SPOILT, VERIFIED])
    assert ["a.mp4" in text for text in notices(rig)] == [True]


async def test_a_name_in_no_coding_is_indexed_and_uploaded(rig: Rig) -> None:
    """Cameras write names in Big5 or worse: the file is found by its bytes, and named readably; lost ones too."""
    for name in (b"\xa6\xe6\xa8\xae.mp4", b"\xff\xfe.mp4"):
        path = await rig.record(os.fsdecode(name), video(1000))
    await during(rig.uploads().run(), lambda: rig.states() == [VERIFIED, VERIFIED])
    assert os.fsencode(entries(rig)[0].path.name) == b"\xa6\xe6\xa8\xae.mp4"
    row = await row_of(rig.server, entries(rig)[0].recording_id)
    assert row.name == b"\xa6\xe6\xa8\xae.mp4".decode(errors="replace")
    await rig.record(path.name, video(1001))
    os.unlink(path)
    await rig.uploads()._round()
    assert "\ufffd\ufffd.mp4" in notices(rig)[0]


async def test_a_car_that_is_not_enrolled_waits(rig: Rig) -> None:
    """No token is said once; with one it goes on."""
    await rig.record("a.mp4", video(1000))

    def no_token() -> str:
        raise NoTokenError("there is no token file")

    uploads = rig.uploads()
    uploads._client = TusClient(rig.server.url, no_token, 5.0)
    await uploads._round()
    assert (rig.states(), uploads._said) == ([TOLD], "there is no token file")
    await during(rig.uploads().run(), lambda: rig.states() == [VERIFIED])


async def test_an_index_that_the_server_refuses_is_not_told_for_ever(rig: Rig) -> None:
    """Three times, at growing distances, and never while it may still be under way; then it is given up, and logged."""
    await rig.record("a.mp4", video(1000))
    uploads = rig.uploads()

    async def rounds(count: int) -> int:
        before = rig.parts.journal.last_seq
        for _ in range(count):
            rig.parts.clock.pass_s(61)
            await rig.carry()
            async with rig.server.engine.begin() as connection:
                await connection.execute(delete(recordings))
            await uploads._round()
        return rig.parts.journal.last_seq - before

    assert await rounds(9) == 1
    assert await rounds(12) == 1
    assert await rounds(120) == 0
    assert rig.states() == [REFUSED]


async def test_an_index_that_waits_in_the_journal_is_not_told_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long backlog is no refusal."""
    path = rig.dock / "a.mp4"
    path.write_bytes(video(10))
    await rig.index(path)
    async with rig.server.engine.begin() as connection:
        await connection.execute(delete(recordings))
    path.with_name("b.mp4").write_bytes(video(10))
    before = rig.parts.journal.last_seq
    with monkeypatch.context() as unheard:
        unheard.setattr(rig.parts.journal, "forget", lambda _seq: None)
        await rig.index(path.with_name("b.mp4"))
    async with rig.server.engine.begin() as connection:
        await connection.execute(delete(recordings))
    rig.parts.clock.pass_s(1000)
    await rig.uploads()._round()
    assert rig.parts.journal.last_seq == before + 2  # b itself, and a again


async def test_a_renamed_file_is_the_same_recording(rig: Rig) -> None:
    """Told once, sent once, from where it lies now; so too with another time, which a copy gets."""
    path = await rig.record("a.mp4", video(1000))
    renamed = path.rename(path.with_name("b.mp4"))
    os.utime(renamed, (1_700_000_000, 1_700_000_000))
    before = rig.parts.journal.last_seq
    await rig.index(renamed)
    assert [entry.path for entry in entries(rig)] == [renamed]
    assert rig.parts.journal.last_seq == before
    await during(rig.uploads().run(), lambda: rig.states() == [VERIFIED])
