"""Disks of recordings that are away or fail: nothing is lost by it, and the answer says where to look."""

from __future__ import annotations

import errno
import os
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update

from dispatch.service import recording_keeper
from dispatch.store import recording_files, recordings
from dispatch.store.recording_tables import recordings as table
from tests.support.recordings import Car, alarms_now, kinds_about, row_of, verified, video
from tests.support.server import Server


def unmount(root: Path) -> None:
    """The volume is away: its mount point is empty."""
    root.rename(root.with_name("unmounted"))
    root.mkdir()


def mount(root: Path) -> None:
    """It is back."""
    root.rmdir()
    root.with_name("unmounted").rename(root)


async def test_a_volume_that_is_away_takes_nothing_from_the_evidence(
    server: Server, car: Car, supervisor: httpx.AsyncClient
) -> None:
    """An export meanwhile is refused with what to do; when it is back the recording is what it was, and is exported."""
    told, _ = await verified(server, car)
    waiting = await car.upload(await car.record(video(10)))
    root: Path = server.app.state.recordings.files.root
    await car.becomes(waiting, "verified")
    row = await row_of(server, told)
    async with server.engine.begin() as connection:
        again = update(table).where(table.c.upload_id == UUID(waiting.rpartition("/")[2]))
        await connection.execute(again.values(state="received"))
    unmount(root)
    await server.app.state.recordings.look()
    wanted = {"recording_ids": [str(row.recording_id)], "reason": "court"}
    refused = await supervisor.post("/recordings/exports", json=wanted)
    assert (refused.status_code, refused.json()["code"]) == (409, "recording_not_here")
    assert "mounted" in refused.json()["detail"]
    began = await car.begin(await car.record(video(10)))
    assert (began.status_code, began.json()["code"]) == (503, "storage_failed")
    assert (await row_of(server, told)).state == "verified"
    assert await alarms_now(server) == []
    mount(root)
    assert (await supervisor.post("/recordings/exports", json=wanted)).status_code == 200
    await server.app.state.recordings.look()
    await car.becomes(waiting, "verified")


async def test_a_doubt_touches_only_the_file_that_was_looked_at(server: Server, car: Car) -> None:
    """Retention, or another server, may have gone on since the file was hashed: its state is not written over."""
    told, _ = await verified(server, car)
    row = await row_of(server, told)
    async with server.engine.begin() as connection:
        assert not await recordings.doubt(connection, row.recording_id, "2020/01/another")
        await recordings.change_recording(connection, row.recording_id, state="deleted")
        assert not await recordings.doubt(connection, row.recording_id, row.path)
    assert (await row_of(server, told)).state == "deleted"


async def test_a_verified_file_that_is_lost_here_is_alarmed_and_called_lost(server: Server, car: Car) -> None:
    """The car sends a verified file no second time: nobody is told that it is still in the car."""
    told, file = await verified(server, car)
    file.unlink()
    row = await row_of(server, told)
    async with server.engine.begin() as connection:
        await recordings.doubt(connection, row.recording_id, row.path)
    await server.app.state.recordings.look()
    assert (await row_of(server, told)).state == "lost"
    assert [alarm.data["reason"] for alarm in await alarms_now(server)] == ["lost"]
    assert (await kinds_about(server, row.recording_id))[-1] == "recording_lost"
    await verified(server, car)
    assert len(await alarms_now(server)) == 1
    await car.becomes(await car.upload(told), "verified")
    assert await alarms_now(server) == []


@pytest.mark.parametrize("number", [errno.EIO, errno.EROFS, errno.EACCES])
async def test_a_failing_disk_is_no_database_that_is_away(
    server: Server, car: Car, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Whoever reads the answer looks at the disk, not at PostgreSQL; and it goes on when the disk does."""
    content = video(100)
    place = (await car.begin(await car.record(content))).headers["Location"]

    def fails(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as failing:
        failing.setattr(os, "pwrite", fails)
        answer = await car.patch(place, 0, content)
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_failed")
        assert os.strerror(number) in answer.json()["detail"]
    assert (await car.patch(place, 0, content)).status_code == 204


async def test_the_reserve_is_kept_while_a_file_comes(car: Car, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk may fill from elsewhere after an upload began: the last megabytes are the database's."""
    content = video(100)
    place = (await car.begin(await car.record(content))).headers["Location"]
    with monkeypatch.context() as full:
        full.setattr(recording_files, "RESERVE_BYTES", 2**62)
        answer = await car.patch(place, 0, content)
        assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
    assert (await car.look(place)).headers["Upload-Offset"] == "0"
    assert (await car.patch(place, 0, content)).status_code == 204


async def test_one_bad_file_stops_neither_the_others_nor_retention(
    server: Server, car: Car, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that can't be read is tried again later; the next is verified, and old ones go."""
    old, _ = await verified(server, car)
    server.clock_ahead_by(timedelta(days=200))
    sha256_of = recording_files.sha256_of
    bad: list[str] = []

    def hashed(path: Path) -> str:
        if path.name in bad:
            raise OSError(errno.EIO, "Input/output error")
        return sha256_of(path)

    monkeypatch.setattr(recording_keeper, "sha256_of", hashed)
    first, second = await car.record(video(10)), await car.record(video(10))
    place = (await car.begin(first)).headers["Location"]
    bad.append(place.rpartition("/")[2])
    assert (await car.patch(place, 0, car.told[first])).status_code == 204
    await car.becomes(await car.upload(second), "verified")
    server.app.state.recordings._tidied_at = None
    await server.app.state.recordings.look()
    assert (await row_of(server, old)).state == "deleted"
    assert (await row_of(server, first)).state == "received"
    bad.clear()
    await server.app.state.recordings.look()
    assert (await row_of(server, first)).state == "verified"


async def test_an_odd_ending_of_a_name_is_not_taken_over(server: Server, car: Car) -> None:
    """Names of cars never make a path that the disk refuses."""
    for name in (f"a.{'é' * 150}", "b.mp4.", "c.m p", "d.MP4"):
        told = await car.record(video(10), name=name)
        await car.becomes(await car.upload(told), "verified")
        row = await row_of(server, told)
        assert row.path.endswith(f"/{row.recording_id}{'.MP4' if name == 'd.MP4' else ''}")
