"""Evidence is neither lost nor passed over: wrong clocks, lost copies, what the car says of its files."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
from sqlalchemy import insert

from dispatch.service.desk import utc_now
from dispatch.store import recordings
from dispatch.store.recording_tables import recordings as table
from tests.support.recordings import TUS, Car, alarms_now, kinds_about, row_of, verified, video
from tests.support.server import Server, eventually

# ---- retention


async def test_a_camera_whose_clock_is_years_behind_loses_nothing(server: Server, car: Car) -> None:
    """The time at which it was told counts too: a recording of "2010" lives as long as one of today."""
    told = await car.record(video(10), ended_at=utc_now() - timedelta(days=6000))
    await car.becomes(await car.upload(told), "verified")
    await server.app.state.recordings.forget_outlived()
    assert (await row_of(server, told)).state == "verified"
    server.clock_ahead_by(timedelta(days=181))
    await server.app.state.recordings.forget_outlived()
    assert (await row_of(server, told)).state == "deleted"


async def test_copies_that_no_recording_names_are_swept_after_their_time(
    server: Server, car: Car, tmp_path: Path
) -> None:
    """A quarantined copy whose recording was sent again, and an upload that nothing names: kept for the same time as
    recordings, then gone; what is on its way stays however old."""
    content = video(1000)
    told = await car.record(content)
    await car.becomes(await car.upload(told, bytes([content[0] ^ 1]) + content[1:]), "quarantined")
    await car.becomes(await car.upload(told), "verified")
    root = tmp_path / "recordings"
    (spoilt,) = (root / "quarantine").iterdir()
    stray = root / "incoming" / str(uuid4())
    stray.write_bytes(b"x")
    on_way = (await car.begin(await car.record(video(10)))).headers["Location"]
    server.clock_ahead_by(timedelta(days=170))
    await server.app.state.recordings.forget_outlived()
    assert spoilt.exists()
    assert stray.exists()
    for file in (spoilt, *(root / "incoming").iterdir()):
        os.utime(file, (0, 0))
    await server.app.state.recordings.forget_outlived()
    assert not spoilt.exists()
    assert [file.name for file in (root / "incoming").iterdir()] == [on_way.rpartition("/")[2]]


# ---- alarms, lists, what the car has


async def test_the_alarm_of_a_damaged_file_stands_until_that_one_is_mended(server: Server, car: Car) -> None:
    """Another verified file of the unit does not lift it while the damaged one is on its way again."""
    content = video(1000)
    told = await car.record(content)
    await car.becomes(await car.upload(told, bytes([content[0] ^ 1]) + content[1:]), "quarantined")
    again = (await car.begin(told)).headers["Location"]
    assert (await row_of(server, told)).state == "uploading"
    await verified(server, car)
    assert len(await alarms_now(server)) == 1
    assert (await car.patch(again, 0, content)).status_code == 204
    await car.becomes(again, "verified")
    assert await alarms_now(server) == []


async def test_a_list_that_is_cut_says_so_and_an_export_has_no_limit(
    server: Server, car: Car, supervisor: httpx.AsyncClient
) -> None:
    """501 recordings: a page lists 200 and says that there are more; what the command exports from are all of them."""
    now = utc_now()
    rows = [
        {
            "recording_id": uuid4(),
            "unit_id": car.unit_id,
            "told_id": f"r{number}",
            "camera_id": "dash-1",
            "started_at": now,
            "ended_at": now,
            "size_bytes": 1,
            "sha256": "0" * 64,
            "name": "a.mp4",
            "told_at": now,
        }
        for number in range(501)
    ]
    async with server.engine.begin() as connection:
        await connection.execute(insert(table), rows)
        assert len(await recordings.find_recordings(connection, unit_id=car.unit_id)) == 501
    page = (await supervisor.get("/recordings")).json()
    assert (len(page["items"]), page["more"]) == (200, True)
    assert not (await supervisor.get("/recordings", params={"to": "2001-01-01T00:00:00Z"})).json()["more"]


async def test_a_file_that_the_car_lost_is_not_called_in_the_car(server: Server, car: Car) -> None:
    """Told again with `lost` it is lost; told without it, the car has it again; what is here stays what it is."""
    content = video(100)
    told = await car.record(content)
    moment = (await row_of(server, told)).ended_at
    await car.record(content, told_id=told, ended_at=moment, lost="missing")
    row = await row_of(server, told)
    assert row.state == "lost"
    assert (await kinds_about(server, row.recording_id))[-1] == "recording_lost"
    await car.record(content, told_id=told, ended_at=moment)
    assert (await row_of(server, told)).state == "in_car"
    place = await car.upload(told)
    await car.becomes(place, "verified")
    await car.record(content, told_id=told, ended_at=moment, lost="spoilt")
    assert (await row_of(server, told)).state == "verified"
    never = await car.record(video(10), lost="spoilt")
    await eventually(lambda: row_of(server, never), lambda row: row.state == "lost")
    assert (await car.http.head(place, headers=TUS)).status_code == 200
