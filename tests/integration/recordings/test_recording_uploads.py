"""Uploads of recordings: tus by the book, full disks, wrong hashes, lost files."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from dispatch.store import recording_files
from dispatch.store.recording_tables import recordings
from tests.support.recordings import TUS, Car, add_car, alarms_now, kinds_about, row_of, video
from tests.support.server import Server, eventually


async def test_a_file_comes_in_pieces_and_is_verified(server: Server, car: Car, tmp_path: Path) -> None:
    """What was sent is what is kept, with 0600, below year and month, and the log has its way."""
    content = video(2_500_000)
    told = await car.record(content)
    place = await car.upload(told)
    await car.becomes(place, "verified")
    row = await row_of(server, told)
    file = tmp_path / "recordings" / row.path
    assert file.read_bytes() == content
    assert file.stat().st_mode & 0o777 == 0o600
    assert row.path.startswith(f"{row.started_at:%Y/%m}/")
    assert await kinds_about(server, row.recording_id) == ["recording_indexed", "recording_verified"]
    assert not list((tmp_path / "recordings" / "incoming").iterdir())


async def test_a_wrong_offset_changes_nothing_and_the_right_one_is_told(car: Car) -> None:
    """A client that lost count is told where to go on; a repeated piece is refused, not doubled."""
    content = video(1000)
    place = (await car.begin(await car.record(content))).headers["Location"]
    assert (await car.patch(place, 0, content[:400])).headers["Upload-Offset"] == "400"
    for offset in (0, 399, 401, 1000):
        answer = await car.patch(place, offset, content[400:])
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "400")
    assert (await car.patch(place, 400, content[400:])).status_code == 204
    await car.becomes(place, "verified")
    assert (await car.patch(place, 1000, b"")).status_code == 204
    assert (await car.patch(place, 1000, b"x")).status_code == 413
    assert (await car.look(place)).headers["Upload-Offset"] == "1000"


async def test_a_piece_with_another_checksum_is_not_kept(car: Car) -> None:
    """A bit that flipped on the way is found at once: 460, and the offset stands."""
    content = video(1000)
    place = (await car.begin(await car.record(content))).headers["Location"]
    answer = await car.patch(place, 0, content[:500], checksum=hashlib.sha256(b"else").digest())
    assert answer.status_code == 460
    assert (await car.look(place)).headers["Upload-Offset"] == "0"


async def test_the_same_recording_begun_again_is_the_same_upload(car: Car) -> None:
    """An answer that got lost leaves no second file behind; a terminated upload begins anew."""
    told = await car.record(video(10))
    first = (await car.begin(told)).headers["Location"]
    assert (await car.begin(told)).headers["Location"] == first
    assert (await car.http.delete(first, headers=TUS)).status_code == 204
    assert (await car.look(first)).status_code == 404
    assert (await car.begin(told)).headers["Location"] != first


async def test_only_the_unit_s_own_indexed_recordings_of_that_size(server: Server, car: Car) -> None:
    """No index, another size, another unit's recording or upload, no token: each is refused with its reason."""
    told = await car.record(video(100))
    other = await add_car(server, "R2")
    assert (await car.begin(told, length=99)).status_code == 422
    car.told["never-told"] = b"x"
    assert (await car.begin("never-told")).status_code == 404
    other.told = car.told
    assert (await other.begin(told)).status_code == 404
    place = (await car.begin(told)).headers["Location"]
    assert (await other.look(place)).status_code == 404
    assert (await other.patch(place, 0, b"x")).status_code == 404
    assert (await car.patch(place, 0, b"x" * 101)).status_code == 413
    assert (await car.http.head(place)).status_code == 412
    car.http.headers["Authorization"] = "Bearer nobody"
    assert (await car.look(place)).status_code == 401


async def test_a_full_disk_is_said_and_goes_on_later(car: Car, monkeypatch: pytest.MonkeyPatch) -> None:
    """507 and a sentence, when it begins and on the way; with room again it goes on where it was."""
    content = video(100)
    told = await car.record(content)
    with monkeypatch.context() as full:
        full.setattr(recording_files, "RESERVE_BYTES", 2**62)
        answer = await car.begin(told)
        assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
    place = (await car.begin(told)).headers["Location"]
    assert (await car.patch(place, 0, content[:50])).status_code == 204

    def no_space(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "pwrite", no_space)
        answer = await car.patch(place, 50, content[50:])
        assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
        assert "stays in the car" in answer.json()["detail"]
    assert (await car.patch(place, 50, content[50:])).status_code == 204
    await car.becomes(place, "verified")


async def test_a_flipped_byte_is_quarantined_and_alarmed_and_a_good_copy_lifts_it(
    server: Server, car: Car, supervisor: httpx.AsyncClient, tmp_path: Path
) -> None:
    """What has not the car's hash is kept apart, never shown or exported; the car may send it again."""
    content = video(1000)
    told = await car.record(content)
    place = await car.upload(told, bytes([content[0] ^ 1]) + content[1:])
    await car.becomes(place, "quarantined")
    row = await row_of(server, told)
    assert row.path == f"quarantine/{row.upload_id}"
    assert (tmp_path / "recordings" / row.path).is_file()
    (alarm,) = await alarms_now(server)
    assert (alarm.level, alarm.unit_id) == ("warning", car.unit_id)
    shown = await supervisor.get(f"/recordings/{row.recording_id}/content")
    assert (shown.status_code, shown.json()["code"]) == (409, "recording_not_here")
    wanted = {"recording_ids": [str(row.recording_id)], "reason": "court"}
    assert (await supervisor.post("/recordings/exports", json=wanted)).status_code == 409
    again = await car.upload(told)
    assert again != place
    await car.becomes(again, "verified")
    assert await alarms_now(server) == []
    assert await kinds_about(server, row.recording_id) == [
        "recording_indexed",
        "recording_quarantined",
        "recording_verified",
    ]


async def test_a_file_that_got_lost_before_it_was_checked_is_asked_for_again(
    server: Server, car: Car, tmp_path: Path
) -> None:
    """A disk that was changed: alarmed, the upload is gone, and the recording may be uploaded from its begin. The alarm
    goes when it is here."""
    content = video(1000)
    told = await car.record(content)
    place = (await car.begin(told)).headers["Location"]
    assert (await car.patch(place, 0, content[:400])).status_code == 204
    (file,) = (tmp_path / "recordings" / "incoming").iterdir()
    os.truncate(file, 300)
    answer = await car.patch(place, 400, content[400:])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "300")
    async with server.engine.begin() as connection:
        lost = update(recordings).where(recordings.c.told_id == told)
        file.unlink()
        await connection.execute(lost.values(offset_bytes=1000, state="received"))
    server.app.state.recordings.arrived.set()
    await eventually(lambda: row_of(server, told), lambda row: row.state == "in_car")
    assert [alarm.data["reason"] for alarm in await alarms_now(server)] == ["missing_here"]
    await car.becomes(await car.upload(told), "verified")
    assert await alarms_now(server) == []
